using System.Text;
using MonitorCluster.TimeSeries.Exposition;
using MonitorCluster.TimeSeries.Model;
using static MonitorCluster.Tests.TimeSeries.Exposition.RemoteWriteBody;

namespace MonitorCluster.Tests.TimeSeries.Exposition;

public class RemoteWriteReaderTests
{
    private static readonly byte[] Valid = Message(
        Series(Label("__name__", "up"), Label("job", "node"), Sample(1, 1_700_000_000_000), Sample(Model.StaleMarker, -5)),
        Int64(77, 5), Double(78, 1), Fixed32(79, 3), Text(80, "later"),
        Metadata(1, "up_total", "Help.", "seconds"),
        Series(Label("a", "b"), Bytes(3, Message(Double(2, 1))), Bytes(4, Message(Int64(1, 9))), Int64(90, 1)),
        Series());

    [Fact]
    public void Read_ValidBody_GivesSeriesAndMetadata()
    {
        Assert.Equal(
            """
            series __name__=up job=node | 3FF0000000000000@1700000000000 7FF0000000000002@-5 | 0 exemplars 0 histograms
            metadata 1 up_total Help. seconds
            series a=b | | 1 exemplars 1 histograms
            series | | 0 exemplars 0 histograms
            end None
            """.ReplaceLineEndings("\n"),
            Describe(Valid));
    }

    [Fact]
    public void Read_Empty_Ends() => Assert.Equal("end None", Describe([]));

    [Fact]
    public void Read_SampleAndLabelWithMissingFields_HaveTheDefaults()
    {
        string text = Describe(Message(Series(Bytes(1, []), Bytes(2, []))));

        Assert.StartsWith("series = | 0000000000000000@0 |", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_LabelsAmongSamples_AreAllFound()
    {
        string text = Describe(Message(Series(Sample(1, 1), Label("a", "1"), Sample(2, 2), Label("b", "2"), Sample(3, 3))));

        Assert.StartsWith("series a=1 b=2 | 3FF0000000000000@1 4000000000000000@2 4008000000000000@3 |", text, StringComparison.Ordinal);
    }

    public static TheoryData<string, byte[], ProtobufError, int> Wrong => new()
    {
        { "tag cut", [0x8a], ProtobufError.BadVarint, 0 },
        { "tag over 64 bits", [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f], ProtobufError.BadVarint, 0 },
        { "field 0", [0x02, 0], ProtobufError.BadFieldNumber, 0 },
        { "field number too large", [0x82, 0x80, 0x80, 0x80, 0x10, 0], ProtobufError.BadFieldNumber, 0 },
        { "group", [0x0b], ProtobufError.BadWireType, 0 },
        { "wire type 7", [0x7f], ProtobufError.BadWireType, 0 },
        { "series as varint", Message(Int64(1, 5)), ProtobufError.WrongWireType, 0 },
        { "metadata as double", Message(Text(9, "xy"), Double(3, 5)), ProtobufError.WrongWireType, 4 },
        { "series too long", [0x0a, 5, 0, 0], ProtobufError.PastTheEnd, 0 },
        { "series with a length of 2^63", [0x0a, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01], ProtobufError.PastTheEnd, 0 },
        { "fixed64 cut", [0x79, 1, 2, 3], ProtobufError.PastTheEnd, 0 },
        { "fixed32 cut", [0x7d, 1, 2, 3], ProtobufError.PastTheEnd, 0 },
        { "label over its series", [0x0a, 3, 0x0a, 9, 0], ProtobufError.PastTheEnd, 2 },
        { "label as varint", Message(Series(Int64(1, 1))), ProtobufError.WrongWireType, 2 },
        { "name over its label", [0x0a, 5, 0x0a, 3, 0x0a, 9, 0], ProtobufError.PastTheEnd, 4 },
        { "name as varint", Message(Series(Bytes(1, Message(Int64(1, 1))))), ProtobufError.WrongWireType, 4 },
        { "value as fixed32", Message(Series(Bytes(2, Message(Fixed32(1, 1))))), ProtobufError.WrongWireType, 4 },
        { "time as text", Message(Series(Label("a", "b"), Bytes(2, Message(Text(2, "x"))))), ProtobufError.WrongWireType, 12 },
        { "histogram as varint", Message(Series(Int64(4, 1))), ProtobufError.WrongWireType, 2 },
        { "help as varint", Message(Bytes(3, Message(Int64(4, 1)))), ProtobufError.WrongWireType, 2 },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void Read_WrongBody_SaysWhatAndWhere(string name, byte[] body, ProtobufError error, int offset)
    {
        var reader = new RemoteWriteReader(body);

        Assert.False(reader.Read(), name);
        Assert.Equal((error, offset, RemoteWriteEntry.None), (reader.Error, reader.ErrorOffset, reader.Entry));
        Assert.False(reader.Read());
    }

    [Fact]
    public void Read_EveryCut_EndsWithTheEntriesBefore()
    {
        for (int length = 0; length < Valid.Length; length++)
        {
            string text = Describe(Valid[..length]);

            Assert.StartsWith(text[..text.IndexOf("end ", StringComparison.Ordinal)], Describe(Valid), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Read_RandomAndMutatedBodies_NeverThrowsAndEnds()
    {
        var random = new Random(12);
        int wrong = 0;
        for (int round = 0; round < 20_000; round++)
        {
            byte[] body = round % 2 == 0 ? [.. Valid] : new byte[random.Next(0, 80)];
            if (round % 2 == 0)
            {
                for (int i = random.Next(1, 6); i > 0; i--)
                {
                    body[random.Next(body.Length)] = (byte)random.Next(256);
                }
            }
            else
            {
                random.NextBytes(body);
            }

            wrong += Describe(body).EndsWith("end None", StringComparison.Ordinal) ? 0 : 1;
        }

        Assert.InRange(wrong, 1_000, 19_999);
    }

    private static string Describe(byte[] body)
    {
        var text = new StringBuilder();
        var reader = new RemoteWriteReader(body);
        while (reader.Read())
        {
            if (reader.Entry == RemoteWriteEntry.Metadata)
            {
                RemoteWriteMetadata m = reader.Metadata;
                text.Append($"metadata {m.Type} {Encoding.UTF8.GetString(m.Name)} {Encoding.UTF8.GetString(m.Help)} {Encoding.UTF8.GetString(m.Unit)}\n");
                continue;
            }

            RemoteWriteSeries series = reader.Series;
            text.Append("series");
            RemoteWriteSeries.LabelEnumerator labels = series.Labels;
            while (labels.MoveNext())
            {
                text.Append($" {Encoding.UTF8.GetString(labels.Name)}={Encoding.UTF8.GetString(labels.Value)}");
            }

            text.Append(" |");
            int samples = 0;
            foreach (Sample sample in series.Samples)
            {
                text.Append($" {BitConverter.DoubleToInt64Bits(sample.Value):X16}@{sample.TimestampMs}");
                samples++;
            }

            Assert.Equal(series.SampleCount, samples);
            text.Append($" | {series.ExemplarCount} exemplars {series.HistogramCount} histograms\n");
            RemoteWriteLabels.TryToLabelSet(series.LabelRegion, out _);
        }

        return text.Append($"end {reader.Error}").ToString();
    }

    private static class Model
    {
        public static double StaleMarker => MonitorCluster.TimeSeries.Model.Sample.StaleMarker;
    }
}
