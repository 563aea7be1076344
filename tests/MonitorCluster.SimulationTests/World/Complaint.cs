using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace MonitorCluster.SimulationTests.World;

/// <summary>What went wrong, put into words only when it did: the judge asks a million questions.</summary>
[InterpolatedStringHandler]
internal readonly ref struct Complaint
{
    private readonly StringBuilder? text;

#pragma warning disable IDE0060, CA1801 // the compiler passes the lengths
    public Complaint(int literalLength, int formattedCount, bool holds, out bool isNeeded)
#pragma warning restore IDE0060, CA1801
    {
        isNeeded = !holds;
        text = holds ? null : new StringBuilder();
    }

    private Complaint(string what) => text = new StringBuilder(what);

    public static implicit operator Complaint(string what) => new(what);

    public void AppendLiteral(string literal) => text!.Append(literal);

    public void AppendFormatted<T>(T value) => text!.Append(CultureInfo.InvariantCulture, $"{value}");

    public override string ToString() => text?.ToString() ?? string.Empty;
}
