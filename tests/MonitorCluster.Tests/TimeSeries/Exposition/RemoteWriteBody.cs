using Google.Protobuf;

namespace MonitorCluster.Tests.TimeSeries.Exposition;

/// <summary>Makes remote-write bodies with the reference library, so that our reader is not tested against our own idea of the format.</summary>
internal static class RemoteWriteBody
{
    public static byte[] Message(params Action<CodedOutputStream>[] fields)
    {
        using var stream = new MemoryStream();
        using (var output = new CodedOutputStream(stream))
        {
            foreach (Action<CodedOutputStream> field in fields)
            {
                field(output);
            }
        }

        return stream.ToArray();
    }

    public static Action<CodedOutputStream> Bytes(int number, byte[] content) => output =>
    {
        output.WriteTag(number, WireFormat.WireType.LengthDelimited);
        output.WriteBytes(ByteString.CopyFrom(content));
    };

    public static Action<CodedOutputStream> Text(int number, string content) => output =>
    {
        output.WriteTag(number, WireFormat.WireType.LengthDelimited);
        output.WriteString(content);
    };

    public static Action<CodedOutputStream> Int64(int number, long value) => output =>
    {
        output.WriteTag(number, WireFormat.WireType.Varint);
        output.WriteInt64(value);
    };

    public static Action<CodedOutputStream> Double(int number, double value) => output =>
    {
        output.WriteTag(number, WireFormat.WireType.Fixed64);
        output.WriteFixed64(BitConverter.DoubleToUInt64Bits(value));
    };

    public static Action<CodedOutputStream> Fixed32(int number, uint value) => output =>
    {
        output.WriteTag(number, WireFormat.WireType.Fixed32);
        output.WriteFixed32(value);
    };

    public static Action<CodedOutputStream> Label(string name, string value) => Bytes(1, Message(Text(1, name), Text(2, value)));

    public static Action<CodedOutputStream> Sample(double value, long timestampMs) => Bytes(2, Message(Double(1, value), Int64(2, timestampMs)));

    public static Action<CodedOutputStream> Series(params Action<CodedOutputStream>[] fields) => Bytes(1, Message(fields));

    public static Action<CodedOutputStream> Metadata(int type, string name, string help, string unit) =>
        Bytes(3, Message(Int64(1, type), Text(2, name), Text(4, help), Text(5, unit)));
}
