namespace MonitorCluster.TimeSeries.PromQl;

/// <summary>Unwinds the parser to <see cref="PromQlQuery.TryParse"/>, its only catcher; it never leaves this folder.</summary>
internal sealed class PromQlParseException(int offset, string message) : Exception(message)
{
    /// <summary>Where in the text, from 0.</summary>
    public int Offset { get; } = offset;
}
