using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace MonitorCluster.Node.Configuration;

/// <summary>The certificate of a listener with TLS, with those that lead to its root.</summary>
/// <param name="Certificate">The node's own, with its private key.</param>
/// <param name="Chain">All certificates of the file.</param>
internal sealed record ServerCertificate(X509Certificate2 Certificate, X509Certificate2Collection Chain)
{
    /// <summary>Reads the files of the listener for people and API.</summary>
    /// <returns>False with the option and the reason.</returns>
    public static bool TryLoad(HttpOptions http, out ServerCertificate loaded, out string reason) =>
        TryLoad(HttpOptions.Section, http.CertificateFile, http.KeyFile, http.CertificatePassword, out loaded, out reason);

    /// <summary>Reads the files that a section's options name.</summary>
    /// <returns>False with the option and the reason.</returns>
    public static bool TryLoad(string section, string file, string key, string password, out ServerCertificate loaded, out string reason)
    {
        loaded = null!;
        try
        {
            string kind = Path.GetExtension(file).ToUpperInvariant();
            loaded = kind is ".PFX" or ".P12" ? FromPkcs12(file, password) : FromPem(file, key.Length > 0 ? key : file, password);
            reason = string.Empty;
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            string names = key.Length > 0 ? $"{section}:CertificateFile ({file}) with {section}:KeyFile ({key})" : $"{section}:CertificateFile ({file})";
            reason = $"{names} cannot be used: {e.Message}";
            return false;
        }
    }

    private static ServerCertificate FromPkcs12(string file, string password)
    {
        X509Certificate2Collection all = X509CertificateLoader.LoadPkcs12CollectionFromFile(file, password);
        return new ServerCertificate(all.FirstOrDefault(c => c.HasPrivateKey) ?? throw new CryptographicException("it holds no private key"), all);
    }

    private static ServerCertificate FromPem(string file, string key, string password)
    {
        X509Certificate2 own = password.Length > 0
            ? X509Certificate2.CreateFromEncryptedPemFile(file, password, key)
            : X509Certificate2.CreateFromPemFile(file, key);
        var all = new X509Certificate2Collection();
        all.ImportFromPemFile(file);
        return new ServerCertificate(own, all);
    }
}
