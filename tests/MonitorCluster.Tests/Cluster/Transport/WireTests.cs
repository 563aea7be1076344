using FsCheck;
using FsCheck.Fluent;
using MonitorCluster.Cluster.Transport;

namespace MonitorCluster.Tests.Cluster.Transport;

public class WireTests
{
    [Fact]
    public void Read_WhatWasWritten_ComesBack()
    {
        var guid = new Guid("00112233-4455-6677-8899-aabbccddeeff");
        var writer = new WireWriter(0);
        writer.WriteByte(7);
        writer.WriteBool(true);
        writer.WriteVarint(ulong.MaxValue);
        writer.WriteInt64(long.MinValue);
        writer.WriteDouble(-0.0);
        writer.WriteGuid(guid);
        writer.WriteBytes([1, 2, 3]);
        writer.WriteString("grüße");
        writer.WriteRaw([9]);

        var reader = new WireReader(writer.Written.Span);

        Assert.True(reader.TryByte(out byte one) && reader.TryBool(out bool flag) && flag && one == 7);
        Assert.True(reader.TryVarint(out ulong wide) && wide == ulong.MaxValue);
        Assert.True(reader.TryInt64(out long number) && number == long.MinValue);
        Assert.True(reader.TryDouble(out double value) && double.IsNegative(value));
        Assert.True(reader.TryGuid(out Guid read) && read == guid);
        Assert.True(reader.TryBytes(3, out ReadOnlySpan<byte> bytes) && bytes.SequenceEqual((byte[])[1, 2, 3]));
        Assert.True(reader.TryString(7, out string text) && text == "grüße");
        Assert.Equal([9], reader.Rest.ToArray());
        Assert.False(reader.IsAtEnd);
    }

    [Fact]
    public void Guid_OnTheWire_ReadsAsItIsWritten()
    {
        var writer = new WireWriter(16);
        writer.WriteGuid(new Guid("00112233-4455-6677-8899-aabbccddeeff"));

        Assert.Equal("00112233445566778899AABBCCDDEEFF", Convert.ToHexString(writer.Written.Span));
    }

    [Fact]
    public void Numbers_AnyValue_ComeBack() =>
        Prop.ForAll<long, ulong>((signed, unsigned) =>
        {
            var writer = new WireWriter(0);
            writer.WriteInt64(signed);
            writer.WriteVarint(unsigned);
            var reader = new WireReader(writer.Written.Span);
            return reader.TryInt64(out long s) && s == signed && reader.TryVarint(out ulong u) && u == unsigned && reader.IsAtEnd;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(2_000).WithReplay(20_261_122, 1));

    [Theory]
    [InlineData("")]
    [InlineData("80")] // goes on, ends
    [InlineData("ffffffffffffffffff02")] // 65 bits
    [InlineData("8080808080808080808000")] // eleven bytes
    public void Varint_Bad_IsNotReadAndLeavesTheReader(string hex)
    {
        byte[] bytes = Convert.FromHexString(hex);
        var reader = new WireReader(bytes);

        Assert.False(reader.TryVarint(out _));
        Assert.Equal(bytes, reader.Rest.ToArray());
    }

    [Theory]
    [InlineData("026869", 1)] // longer than allowed
    [InlineData("0568", 100)] // longer than the body
    [InlineData("02c328", 100)] // no UTF-8
    [InlineData("ffffffffffffffffff01", int.MaxValue)]
    public void String_Bad_IsNotReadAndLeavesTheReader(string hex, int max)
    {
        byte[] bytes = Convert.FromHexString(hex);
        var reader = new WireReader(bytes);

        Assert.False(reader.TryString(max, out string text));
        Assert.Equal((string.Empty, bytes.Length), (text, reader.Rest.Length));
    }

    [Theory]
    [InlineData("0a", 9, false)]
    [InlineData("0a", 10, true)]
    [InlineData("80808080808080808001", int.MaxValue, false)]
    public void Count_OverItsLimit_IsNotRead(string hex, int max, bool expected)
    {
        var reader = new WireReader(Convert.FromHexString(hex));

        Assert.Equal(expected, reader.TryCount(max, out _));
    }

    [Fact]
    public void Bool_OtherThanZeroAndOne_IsNotRead() => Assert.False(new WireReader([2]).TryBool(out _));

    [Fact]
    public void AnyBytes_ReadAsAnything_NeverThrow() =>
        Prop.ForAll(Gen.Zip(ArbMap.Default.GeneratorFor<byte>().ArrayOf(), Gen.Choose(0, 7).ArrayOf()).ToArbitrary(), c =>
        {
            var reader = new WireReader(c.Item1);
            foreach (int kind in c.Item2)
            {
                _ = kind switch
                {
                    0 => reader.TryByte(out _),
                    1 => reader.TryBool(out _),
                    2 => reader.TryVarint(out _),
                    3 => reader.TryInt64(out _),
                    4 => reader.TryDouble(out _),
                    5 => reader.TryGuid(out _),
                    6 => reader.TryBytes(1 << 30, out _),
                    _ => reader.TryString(1 << 30, out _),
                };
            }

            return reader.Rest.Length <= c.Item1.Length;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(5_000).WithReplay(20_261_122, 7));
}
