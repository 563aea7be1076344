using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Npgsql;

namespace MonitorCluster.Tests.Cluster.Storage.Postgres;

/// <summary>Speaks PostgreSQL's protocol by hand, to stop where no driver does: in the middle of a batch.</summary>
internal sealed class RawPostgresClient : IDisposable
{
    private readonly TcpClient client = new();
    private readonly NetworkStream stream;

    public RawPostgresClient(int port, string connectionString)
    {
        var settings = new NpgsqlConnectionStringBuilder(connectionString);
        client.Connect(IPAddress.Loopback, port);
        stream = client.GetStream();
        stream.ReadTimeout = 30_000;
        string[] startup =
        [
            "user", settings.Username!, "database", settings.Database!, "application_name", "monitorcluster",
            "options", $"-c search_path={settings.SearchPath}", "",
        ];
        byte[] body = [0, 3, 0, 0, .. startup.SelectMany(Text)];
        stream.Write([.. Number(body.Length + 4), .. body]);
        ReadUntil('Z');
    }

    /// <summary>Runs a statement to its end.</summary>
    public void Query(string sql)
    {
        Send('Q', Text(sql));
        ReadUntil('Z');
    }

    /// <summary>Runs a statement as the first of a batch, and leaves the server waiting for the next.</summary>
    public void BeginBatch(string sql)
    {
        Send('P', [0, .. Text(sql), 0, 0]);
        Send('B', [0, 0, 0, 0, 0, 0, 0, 0]);
        Send('E', [0, 0, 0, 0, 0]);
        Send('H', []);
        ReadUntil('C');
    }

    /// <summary>Waits until the server ends the session.</summary>
    public bool IsEnded()
    {
        try
        {
            while (stream.ReadByte() >= 0)
            {
                // its last words
            }

            return true;
        }
        catch (IOException e)
        {
            return e.InnerException is not SocketException { SocketErrorCode: SocketError.TimedOut };
        }
    }

    public void Dispose() => client.Dispose();

    private void Send(char type, byte[] body) => stream.Write([(byte)type, .. Number(body.Length + 4), .. body]);

    private void ReadUntil(char type)
    {
        Span<byte> head = stackalloc byte[5];
        do
        {
            stream.ReadExactly(head);
            byte[] body = new byte[BinaryPrimitives.ReadInt32BigEndian(head[1..]) - 4];
            stream.ReadExactly(body);
            Assert.NotEqual('E', (char)head[0]);
        }
        while (head[0] != type);
    }

    private static byte[] Number(int value)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        return bytes;
    }

    private static byte[] Text(string value) => [.. Encoding.UTF8.GetBytes(value), 0];
}
