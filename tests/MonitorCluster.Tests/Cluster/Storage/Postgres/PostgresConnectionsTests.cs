using System.ComponentModel.DataAnnotations;
using System.Net.Sockets;
using MonitorCluster.Cluster.Storage;
using MonitorCluster.Cluster.Storage.Postgres;
using Npgsql;

namespace MonitorCluster.Tests.Cluster.Storage.Postgres;

/// <summary>What needs no server.</summary>
public class PostgresConnectionsTests
{
    [Theory]
    [InlineData("Host=db;Database=mc;Username=u;Password=secret", "db:5432/mc")]
    [InlineData("Server=db;Port=6000;DB=mc;User Id=u;Pwd=secret", "db:6000/mc")]
    [InlineData("Host=a,b:7;Database=mc", "a:5432,b:7/mc")]
    [InlineData("Host=/run/postgresql;Database=mc", "/run/postgresql/mc")]
    [InlineData("Host=::1;Database=mc", "::1:5432/mc")]
    public void Description_AnyString_SaysWhereWithoutSecrets(string connectionString, string description) =>
        Assert.Equal(description, new PostgresConnections(connectionString).Description);

    [Theory]
    [InlineData("", "no Host")]
    [InlineData("Database=mc;Password=secret", "no Host")]
    [InlineData("Host=db;Password=secret", "no Database")]
    [InlineData("postgres://u:secret@db/mc", "Npgsql takes keywords")]
    [InlineData("postgresql://u:secret@db/mc?sslmode=require", "Npgsql takes keywords")]
    [InlineData("secret", "keyword=value")]
    [InlineData("Host=db;secret=secret", "keyword=value")]
    [InlineData("Host=db;Database=mc;Password=secret;Colour=red", "Couldn't set colour")]
    [InlineData("Host=db;Database=mc;Password=secret;Timeout=soon", "Couldn't set timeout")]
    public void Problem_UnusableString_SaysWhatAndNoSecret(string connectionString, string expected)
    {
        string problem = PostgresConnections.Problem(connectionString)!;

        Assert.Contains(expected, problem);
        Assert.DoesNotContain("secret", problem);
        Assert.Contains("Host=db.example;", problem);
        Assert.Throws<ArgumentException>(() => new PostgresConnections(connectionString));
    }

    [Theory]
    [InlineData("08006", StoreFailure.Unavailable)]
    [InlineData("57P01", StoreFailure.Unavailable)] // admin shutdown
    [InlineData("57P03", StoreFailure.Unavailable)] // starting up
    [InlineData("57014", StoreFailure.Unavailable)] // statement timeout
    [InlineData("25P03", StoreFailure.Unavailable)] // idle in transaction
    [InlineData("25006", StoreFailure.Unavailable)] // standby
    [InlineData("40001", StoreFailure.Unavailable)]
    [InlineData("40P01", StoreFailure.Unavailable)]
    [InlineData("53100", StoreFailure.Unavailable)] // disk full
    [InlineData("53300", StoreFailure.Unavailable)] // too many connections
    [InlineData("55P03", StoreFailure.Unavailable)]
    [InlineData("58030", StoreFailure.Unavailable)]
    [InlineData("XX001", StoreFailure.Unavailable)]
    [InlineData("28P01", StoreFailure.Denied)] // wrong password
    [InlineData("28000", StoreFailure.Denied)]
    [InlineData("3D000", StoreFailure.Denied)] // no such database
    [InlineData("42501", StoreFailure.Denied)]
    [InlineData("3F000", StoreFailure.Denied)]
    [InlineData("23505", StoreFailure.Program)]
    [InlineData("42601", StoreFailure.Program)]
    [InlineData("42P01", StoreFailure.Program)]
    [InlineData("22P02", StoreFailure.Program)]
    public void Classify_ErrorOfTheServer_ByItsCode(string sqlState, StoreFailure expected) =>
        Assert.Equal(expected, PostgresDialect.Default.Classify(new PostgresException("m", "ERROR", "ERROR", sqlState)));

    [Fact]
    public void Classify_ErrorOfTheClient_ByWhetherTheServerWasReached()
    {
        Func<Exception, StoreFailure> classify = PostgresDialect.Default.Classify;

        Assert.Equal(StoreFailure.Unavailable, classify(new NpgsqlException("away", new SocketException(111))));
        Assert.Equal(StoreFailure.Unavailable, classify(new NpgsqlException("hangs", new TimeoutException())));
        Assert.Equal(StoreFailure.Unavailable, classify(new NpgsqlException("broken", new EndOfStreamException())));
        Assert.Equal(StoreFailure.Unavailable, classify(new TimeoutException()));
        Assert.Equal(StoreFailure.Denied, classify(new NpgsqlException("No password has been provided")));
        Assert.Equal(StoreFailure.Program, classify(new InvalidCastException()));
    }

    [Fact]
    public void Open_NobodyListens_IsUnavailable()
    {
        using Socket silent = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        silent.Bind(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0)); // bound, so nobody else listens there either
        int port = ((System.Net.IPEndPoint)silent.LocalEndPoint!).Port;
        using SqlStore store = new(new PostgresConnections($"Host=127.0.0.1;Port={port};Database=mc;Username=u;Password=secret"));

        StoreUnavailableException e = Assert.Throws<StoreUnavailableException>(() => store.Members());

        Assert.Contains($"127.0.0.1:{port}/mc", e.Message);
        Assert.DoesNotContain("secret", e.ToString());
    }

    [Fact]
    public void StoreOptions_Postgresql_MakesItsConnectionsOrSaysWhyNot()
    {
        StoreOptions good = new() { Provider = "postgresql", ConnectionString = "Host=db;Database=mc" };
        StoreOptions bad = new() { Provider = "postgresql" };
        StoreOptions mixed = new() { Provider = "sqlite", ConnectionString = "Host=db;Password=secret" };

        Assert.Empty(good.Validate(new ValidationContext(good)));
        Assert.IsType<PostgresConnections>(good.CreateConnections("/data"));
        Assert.Contains("names no Host", Assert.Single(bad.Validate(new ValidationContext(bad))).ErrorMessage);
        Assert.DoesNotContain("secret", Assert.Single(mixed.Validate(new ValidationContext(mixed))).ErrorMessage);
        Assert.Equal("/data/monitorcluster.db", new StoreOptions().CreateConnections("/data").Description);
    }
}
