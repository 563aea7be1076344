namespace MonitorCluster.Pbm.Rendering;

/// <summary>Shows one answer.</summary>
internal interface IRenderer
{
    /// <summary>Shows columns, a row or a remark.</summary>
    void Show(ReplyLine line);

    /// <summary>The answer is complete.</summary>
    /// <param name="isOk">Whether the command was carried out.</param>
    void End(bool isOk);
}
