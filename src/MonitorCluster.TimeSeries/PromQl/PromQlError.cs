namespace MonitorCluster.TimeSeries.PromQl;

/// <summary>Why a text is no query, and where.</summary>
/// <param name="Line">Line of the fault, from 1.</param>
/// <param name="Column">Column of the fault in its line, from 1, in UTF-16 units.</param>
/// <param name="Message">What is wrong, naming the function, feature or token.</param>
public sealed record PromQlError(int Line, int Column, string Message)
{
    /// <summary>The form clients know: <c>1:4: parse error: ...</c>.</summary>
    public override string ToString() => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Line}:{Column}: parse error: {Message}");

    /// <summary>Turns an offset into the text to line and column.</summary>
    internal static PromQlError At(string text, int offset, string message)
    {
        ReadOnlySpan<char> before = text.AsSpan(0, Math.Clamp(offset, 0, text.Length));
        int lineStart = before.LastIndexOf('\n') + 1;
        return new PromQlError(before.Count('\n') + 1, before.Length - lineStart + 1, message);
    }
}
