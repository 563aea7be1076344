using Microsoft.Data.Sqlite;

namespace MonitorCluster.EndToEndTests.Cluster;

/// <summary>The judge of the journal finds what it is there for: a section in two rows, an epoch that goes back.</summary>
public sealed class StoreViewTests : IDisposable
{
    private readonly string _file = Path.Combine(Path.GetTempPath(), $"mc-view-{Guid.NewGuid():N}.db");

    public void Dispose() => File.Delete(_file);

    [Fact]
    public async Task Journal_InOrder_HasNoFault()
    {
        await InsertAsync((1, 1, 1, [7, 3]), (1, 2, 1, [7, 4, 8, 1]), (1, 3, 2, [7, 0x85, 0x01]), (2, 1, 1, [7, 1]));

        Assert.Empty(await View().JournalFaultsAsync());
    }

    [Theory]
    [InlineData(1, 4, "has sections up to 4 of collector 7, an earlier row up to 4")]
    [InlineData(1, 3, "has sections up to 3 of collector 7, an earlier row up to 4")]
    [InlineData(0, 5, "is of epoch 0, after one of epoch 1")]
    public async Task Journal_SectionTwiceOrEpochBack_IsSaid(int epoch, byte section, string fault)
    {
        await InsertAsync((1, 1, 1, [7, 4]), (1, 2, epoch, [7, section]));

        Assert.Contains(fault, Assert.Single(await View().JournalFaultsAsync()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Journal_FaultAcrossTwoCallsAndACut_IsSaid()
    {
        StoreView view = View();
        await InsertAsync((1, 1, 1, [7, 4]));
        Assert.Empty(await view.JournalFaultsAsync());

        await ExecuteAsync("DELETE FROM journal"); // as a cut does
        await InsertAsync((1, 2, 1, [7, 4]));

        Assert.Single(await view.JournalFaultsAsync());
        Assert.Empty(await view.JournalFaultsAsync()); // said once
    }

    private StoreView View() => new($"Data Source={_file};Pooling=false", isPostgres: false);

    private async Task InsertAsync(params (int Shard, long Sequence, long Epoch, byte[] Marks)[] rows)
    {
        await ExecuteAsync("CREATE TABLE IF NOT EXISTS journal (shard_id INTEGER, jseq INTEGER, epoch INTEGER, marks BLOB)");
        foreach ((int shard, long sequence, long epoch, byte[] marks) in rows)
        {
            await ExecuteAsync($"INSERT INTO journal VALUES ({shard}, {sequence}, {epoch}, x'{Convert.ToHexString(marks)}')");
        }
    }

    private async Task ExecuteAsync(string text)
    {
        await using var connection = new SqliteConnection($"Data Source={_file};Pooling=false");
        await connection.OpenAsync();
#pragma warning disable CA2100 // texts of this file
        await using var command = new SqliteCommand(text, connection);
#pragma warning restore CA2100
        await command.ExecuteNonQueryAsync();
    }
}
