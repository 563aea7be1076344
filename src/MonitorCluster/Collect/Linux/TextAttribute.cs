namespace MonitorCluster.Collect.Linux;

/// <summary>A small file whose text becomes a label: read every time, turned into a string only when its bytes changed.</summary>
internal sealed class TextAttribute(HostFile file)
{
    private byte[]? known;

    /// <summary>The text without blanks at its ends; empty when the file is missing or unreadable.</summary>
    public string Text { get; private set; } = string.Empty;

    /// <summary>Reads the file.</summary>
    /// <returns>Whether the text differs from the last time (the first time always counts).</returns>
    public bool Refresh(FileReader reader)
    {
        ReadOnlySpan<byte> now = reader.TryRead(file, out ReadOnlySpan<byte> content) ? Ascii.Trim(content) : default;
        if (known is not null && now.SequenceEqual(known))
        {
            return false;
        }

        known = now.ToArray();
        Text = Ascii.Text(now);
        return true;
    }
}
