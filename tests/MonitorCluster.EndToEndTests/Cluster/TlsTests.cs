using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using MonitorCluster.Tests.Cluster.Transport.Http;

namespace MonitorCluster.EndToEndTests.Cluster;

/// <summary>Two nodes whose links are encrypted, as their certificate files say.</summary>
[Collection(Proofs.Proof.Alone)]
public sealed class TlsTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly TestCertificates _authority = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("mc-tls-").FullName;

    [Fact]
    public async Task TwoNodes_WithCertificates_AreOneClusterAndWhoeverSpeaksPlainIsNotHeard()
    {
        string[] peers = [.. Enumerable.Range(1, 2).Select(n => $"{ClusterNode.AddressOf(n)}:{FreePorts.Take(ClusterNode.AddressOf(n))}")];
        await File.WriteAllTextAsync(PathOf("ca.pem"), _authority.Authority.ExportCertificatePem());
        await using NodeProcess first = await NodeProcess.StartAsync(Options(1, peers));
        await using NodeProcess second = await NodeProcess.StartAsync(Options(2, peers));

        using var client = new NodeClient(second.HttpUrl);
        await client.WaitForAsync("count(node_load1)", IsTwo, Patience);
        using var plain = new TcpClient();
        await plain.ConnectAsync(IPEndPoint.Parse(peers[0]));
        await plain.GetStream().WriteAsync("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.ToArray());
        byte[] answer = new byte[64];
        int length = await ReadAsync(plain, answer);

        Assert.False(length > 9 && answer[3] == 4, "the listener answered with HTTP/2 settings, unencrypted"); // a frame's type is its fourth byte
    }

    public void Dispose()
    {
        _authority.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static bool IsTwo(System.Text.Json.JsonElement result) =>
        result.GetArrayLength() == 1 && result[0].GetProperty("value")[1].GetString() == "2";

    private static async Task<int> ReadAsync(TcpClient plain, byte[] answer)
    {
        try
        {
            return await plain.GetStream().ReadAsync(answer).AsTask().WaitAsync(Patience);
        }
        catch (IOException)
        {
            return 0; // it hung up, which is as good
        }
    }

    private string[] Options(int number, string[] peers)
    {
        IPAddress address = ClusterNode.AddressOf(number);
        using X509Certificate2 certificate = _authority.For(address);
        string file = PathOf($"n{number}.pem"), key = PathOf($"n{number}.key");
        File.WriteAllText(file, certificate.ExportCertificatePem());
        File.WriteAllText(key, certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
        return
        [
            $"--Node:Name=n{number}", $"--Node:Bind={peers[number - 1]}", $"--Node:CertificateFile={file}", $"--Node:KeyFile={key}",
            $"--Node:CaFile={PathOf("ca.pem")}", $"--Cluster:Seeds={string.Join(',', peers)}", "--Cluster:JoinToken=a-token-of-this-test",
            $"--Store:ConnectionString={PathOf("cluster.db")}",
        ];
    }

    private string PathOf(string name) => Path.Combine(_folder, name);
}
