using System.Reflection;
using System.Security.Cryptography;
using Microsoft.AspNetCore.StaticFiles;

namespace MonitorCluster.Node;

/// <summary>One file of the page, in the three encodings it is served in.</summary>
/// <param name="Name">File name without a folder, as the page names it.</param>
/// <param name="ContentType">The Content-Type it is served with.</param>
/// <param name="Hash">First 16 hexadecimal digits of the plain bytes' SHA-256.</param>
/// <param name="Plain">The bytes as bundled.</param>
/// <param name="Gzip">The same, gzip.</param>
/// <param name="Brotli">The same, Brotli.</param>
internal sealed record WebFile(string Name, string ContentType, string Hash, byte[] Plain, byte[] Gzip, byte[] Brotli)
{
    /// <summary>Whether the name changes with the content, so that the file may be kept for ever.</summary>
    public bool IsHashed => Name != "index.html";

    /// <summary>Reads a file and its compressed forms from an assembly's resources.</summary>
    /// <param name="assembly">The assembly that carries them.</param>
    /// <param name="resource">The resource of the plain form; <c>.gz</c> and <c>.br</c> lie beside it.</param>
    /// <param name="name">The file's name in the page.</param>
    /// <param name="contentTypes">Maps the name's ending to a content type.</param>
    /// <returns>The file.</returns>
    public static WebFile Read(Assembly assembly, string resource, string name, FileExtensionContentTypeProvider contentTypes)
    {
        byte[] plain = ReadAll(assembly, resource);
        string type = contentTypes.TryGetContentType(name, out string? found) ? found : "application/octet-stream";
        string charset = type.StartsWith("text/", StringComparison.Ordinal) ? "; charset=utf-8" : "";
        string hash = Convert.ToHexStringLower(SHA256.HashData(plain))[..16];
        return new WebFile(name, type + charset, hash, plain, ReadAll(assembly, resource + ".gz"), ReadAll(assembly, resource + ".br"));
    }

    private static byte[] ReadAll(Assembly assembly, string resource)
    {
        using System.IO.Stream stream = assembly.GetManifestResourceStream(resource)
            ?? throw new InvalidOperationException($"The build left out the resource {resource} of the page.");
        byte[] bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
