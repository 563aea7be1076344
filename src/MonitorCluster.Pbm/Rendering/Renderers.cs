namespace MonitorCluster.Pbm.Rendering;

/// <summary>Chooses how an answer is shown.</summary>
internal static class Renderers
{
    /// <summary>Makes the renderer of one answer.</summary>
    /// <param name="format">The form.</param>
    /// <param name="output">Where it goes.</param>
    /// <param name="isRedirected">Whether that is a file or a pipe: then tables are as wide as they need and have no colours.</param>
    public static IRenderer Create(OutputFormat format, TextWriter output, bool isRedirected) => format switch
    {
        OutputFormat.Json => new JsonRenderer(output),
        OutputFormat.Table => new TableRenderer(output, isRedirected),
        _ => new PlainRenderer(output),
    };
}
