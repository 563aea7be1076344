using System.Runtime.InteropServices;

namespace MonitorCluster.Collect.Linux;

/// <summary>Reads whole files into one buffer that is used again and again.</summary>
/// <remarks>Not thread-safe; one per source. A returned span is valid until the next read. No allocation but for growth of the buffer.</remarks>
internal sealed class FileReader
{
    // The interrupt line of /proc/stat is 20 KiB per 1,000 interrupts; /proc/net/udp 128 bytes a socket. More than this is no file of ours.
    private const int BytesMax = 8 * 1024 * 1024;
    private const int AttributeBytesMax = 4_096; // sysfs hands out at most one page
    private const int NoEntry = 2, Interrupted = 4, NoDevice = 19, NotDirectory = 20, NoDeviceOrAddress = 6;

    private byte[] buffer = new byte[AttributeBytesMax];

    /// <summary>The errno of the last read, 0 when it succeeded.</summary>
    public int Error { get; private set; }

    /// <summary>Whether the last read failed because there is no such file or device.</summary>
    public bool IsMissing => Error is NoEntry or NoDevice or NotDirectory or NoDeviceOrAddress;

    /// <summary>Reads a file that the source cannot do without.</summary>
    /// <exception cref="SourceAbsentException">There is no such file.</exception>
    /// <exception cref="SourceFailedException">It cannot be read, or is larger than a kernel file can be.</exception>
    public ReadOnlySpan<byte> Read(HostFile file)
    {
        if (TryRead(file, out ReadOnlySpan<byte> content))
        {
            return content;
        }

        throw IsMissing
            ? new SourceAbsentException($"{file.Path} does not exist")
            : new SourceFailedException($"{file.Path} cannot be read: {Marshal.GetPInvokeErrorMessage(Error)}");
    }

    /// <summary>Reads a file that may be missing or refuse to be read.</summary>
    /// <exception cref="SourceFailedException">The file is larger than a kernel file can be.</exception>
    public bool TryRead(HostFile file, out ReadOnlySpan<byte> content)
    {
        content = default;
        int handle = LinuxCalls.OpenFile(file.PathWithNul);
        if (handle < 0)
        {
            Error = Marshal.GetLastPInvokeError();
            return false;
        }

        try
        {
            if (!TryReadAll(handle, file, out int count))
            {
                return false;
            }

            Error = 0;
            content = buffer.AsSpan(0, count);
            return true;
        }
        finally
        {
            LinuxCalls.CloseFile(handle);
        }
    }

    /// <summary>Reads a file that holds one decimal number.</summary>
    /// <returns>False when it cannot be read or holds something else.</returns>
    public bool TryReadNumber(HostFile file, out double value)
    {
        value = 0;
        return TryRead(file, out ReadOnlySpan<byte> content) && Ascii.TryNumber(Ascii.Trim(content), out value);
    }

    private bool TryReadAll(int handle, HostFile file, out int count)
    {
        count = 0;
        while (true)
        {
            if (count == buffer.Length)
            {
                if (count >= BytesMax)
                {
                    throw new SourceFailedException($"{file.Path} is larger than {BytesMax} bytes");
                }

                Array.Resize(ref buffer, buffer.Length * 2);
            }

            int read = LinuxCalls.ReadFile(handle, buffer.AsSpan(count));
            if (read < 0)
            {
                Error = Marshal.GetLastPInvokeError();
                if (Error == Interrupted)
                {
                    continue;
                }

                return false;
            }

            count += read;
            if (read == 0 || file.IsAttribute)
            {
                return true;
            }
        }
    }
}
