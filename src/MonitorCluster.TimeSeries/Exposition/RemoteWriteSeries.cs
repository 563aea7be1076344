using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.TimeSeries.Exposition;

/// <summary>One time series of a remote-write body, already checked: walking its labels and samples cannot fail.</summary>
public readonly ref struct RemoteWriteSeries
{
    private const int LabelField = 1;
    private const int SampleField = 2;
    private const int ExemplarField = 3;
    private const int HistogramField = 4;
    private const int NameField = 1;
    private const int ValueField = 2;

    /// <summary>
    /// The bytes from the first label field to the end of the last. Equal bytes mean equal labels, so this is the key of a cache of series;
    /// whoever writes labels and samples mixed (nobody known does) has samples inside, which only makes the cache miss.
    /// </summary>
    public ReadOnlySpan<byte> LabelRegion { get; private init; }

    /// <summary>The number of samples.</summary>
    public int SampleCount { get; private init; }

    /// <summary>The number of exemplars. They are not read.</summary>
    public int ExemplarCount { get; private init; }

    /// <summary>The number of native histograms. They are not read; the caller says that they were refused.</summary>
    public int HistogramCount { get; private init; }

    private ReadOnlySpan<byte> SampleRegion { get; init; }

    /// <summary>The labels as they were sent: perhaps unsorted, repeated or empty.</summary>
    public LabelEnumerator Labels => new(LabelRegion);

    /// <summary>The samples as they were sent.</summary>
    public SampleEnumerator Samples => new(SampleRegion);

    internal static RemoteWriteSeries Check(ReadOnlySpan<byte> message, int baseOffset, out ProtobufFields fields)
    {
        fields = new ProtobufFields(message, baseOffset);
        int labelsStart = -1, labelsEnd = 0, samplesStart = -1, samplesEnd = 0, samples = 0, exemplars = 0, histograms = 0;
        while (fields.Next())
        {
            switch (fields.Number)
            {
                case LabelField when fields.IsBytes:
                    CheckLabel(ref fields);
                    (labelsStart, labelsEnd) = (labelsStart < 0 ? fields.Start : labelsStart, fields.End);
                    break;
                case SampleField when fields.IsBytes:
                    ProtobufFields inner = ReadSample(fields.Bytes, fields.BytesOffset, out _);
                    fields.RefuseWhenWrong(inner);
                    (samplesStart, samplesEnd) = (samplesStart < 0 ? fields.Start : samplesStart, fields.End);
                    samples++;
                    break;
                case ExemplarField when fields.IsBytes:
                    exemplars++;
                    break;
                case HistogramField when fields.IsBytes:
                    histograms++;
                    break;
                case LabelField or SampleField or ExemplarField or HistogramField:
                    fields.Refuse(ProtobufError.WrongWireType);
                    break;
                default:
                    break;
            }
        }

        return new RemoteWriteSeries
        {
            LabelRegion = labelsStart < 0 ? default : message[labelsStart..labelsEnd],
            SampleRegion = samplesStart < 0 ? default : message[samplesStart..samplesEnd],
            SampleCount = samples,
            ExemplarCount = exemplars,
            HistogramCount = histograms,
        };
    }

    private static void CheckLabel(ref ProtobufFields fields)
    {
        var inner = new ProtobufFields(fields.Bytes, fields.BytesOffset);
        while (inner.Next())
        {
            if (inner.Number is NameField or ValueField && !inner.IsBytes)
            {
                inner.Refuse(ProtobufError.WrongWireType);
            }
        }

        fields.RefuseWhenWrong(inner);
    }

    private static ProtobufFields ReadSample(ReadOnlySpan<byte> message, int baseOffset, out Sample sample)
    {
        var fields = new ProtobufFields(message, baseOffset);
        double value = 0;
        long timestampMs = 0;
        while (fields.Next())
        {
            switch (fields.Number)
            {
                case 1 when fields.IsFixed64:
                    value = BitConverter.UInt64BitsToDouble(fields.Bits);
                    break;
                case 2 when fields.IsVarint:
                    timestampMs = (long)fields.Bits;
                    break;
                case 1 or 2:
                    fields.Refuse(ProtobufError.WrongWireType);
                    break;
                default:
                    break;
            }
        }

        sample = new Sample(timestampMs, value);
        return fields;
    }

    /// <summary>Walks the labels.</summary>
    public ref struct LabelEnumerator
    {
        private ProtobufFields fields;

        internal LabelEnumerator(ReadOnlySpan<byte> region) => fields = new ProtobufFields(region, 0);

        /// <summary>The name, as raw bytes.</summary>
        public ReadOnlySpan<byte> Name { get; private set; }

        /// <summary>The value, as raw bytes.</summary>
        public ReadOnlySpan<byte> Value { get; private set; }

        /// <summary>Goes to the next label.</summary>
        public bool MoveNext()
        {
            while (fields.Next())
            {
                if (fields.Number == LabelField)
                {
                    Name = Value = default;
                    var inner = new ProtobufFields(fields.Bytes, 0);
                    while (inner.Next())
                    {
                        if (inner.Number == NameField)
                        {
                            Name = inner.Bytes;
                        }
                        else if (inner.Number == ValueField)
                        {
                            Value = inner.Bytes;
                        }
                    }

                    return true;
                }
            }

            return false;
        }
    }

    /// <summary>Walks the samples; works with foreach.</summary>
    public ref struct SampleEnumerator
    {
        private ProtobufFields fields;

        internal SampleEnumerator(ReadOnlySpan<byte> region) => fields = new ProtobufFields(region, 0);

        /// <summary>The sample, its value bit for bit.</summary>
        public Sample Current { get; private set; }

        /// <summary>This enumerator.</summary>
        public readonly SampleEnumerator GetEnumerator() => this;

        /// <summary>Goes to the next sample.</summary>
        public bool MoveNext()
        {
            while (fields.Next())
            {
                if (fields.Number == SampleField)
                {
                    ReadSample(fields.Bytes, 0, out Sample sample);
                    Current = sample;
                    return true;
                }
            }

            return false;
        }
    }
}
