using System.Net;
using Npgsql;

namespace MonitorCluster.EndToEndTests.Cluster;

/// <summary>The faults that a private database can be given do what they say: else tests of outages would prove nothing.</summary>
public sealed class PrivatePostgresTests
{
    [RequiresPostgresFact]
    public async Task Database_EndedAtOnce_KeepsWhatWasCommittedAndBreaksConnections()
    {
        await using PrivatePostgres database = await PrivatePostgres.StartAsync([]);
        await using NpgsqlConnection connection = await OpenAsync(database);
        await ExecuteAsync(connection, "CREATE TABLE kept AS SELECT 42 AS n");

        await database.StopNowAsync();
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => ExecuteAsync(connection, "SELECT 1"));

        await database.StartAgainAsync();
        await using NpgsqlConnection again = await OpenAsync(database);
        Assert.Equal(42, await ExecuteAsync(again, "SELECT n FROM kept"));
    }

    [RequiresPostgresFact]
    public async Task Database_Paused_AnswersNothingAndThenGoesOn()
    {
        await using PrivatePostgres database = await PrivatePostgres.StartAsync([IPAddress.Loopback]);
        await using NpgsqlConnection connection = await OpenAsync(database);

        await database.PauseAsync();
        Task<object?> answer = ExecuteAsync(connection, "SELECT 1");
        await using (var stranger = new NpgsqlConnection(database.ConnectionString() + ";Timeout=1;Pooling=false"))
        {
            await Assert.ThrowsAnyAsync<NpgsqlException>(() => stranger.OpenAsync()); // nobody takes its turn, neither
        }

        Assert.False(answer.IsCompleted);
        await database.ContinueAsync();
        Assert.Equal(1, await answer.WaitAsync(TimeSpan.FromSeconds(10)));
    }

    private static async Task<NpgsqlConnection> OpenAsync(PrivatePostgres database)
    {
        var connection = new NpgsqlConnection(database.ConnectionString() + ";Pooling=false");
        await connection.OpenAsync();
        return connection;
    }

    private static async Task<object?> ExecuteAsync(NpgsqlConnection connection, string text)
    {
#pragma warning disable CA2100 // constants of this file
        await using var command = new NpgsqlCommand(text, connection);
#pragma warning restore CA2100
        return await command.ExecuteScalarAsync();
    }
}
