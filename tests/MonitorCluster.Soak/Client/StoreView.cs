using System.Data.Common;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace MonitorCluster.Soak.Client;

/// <summary>What the store says, read from the outside: who leads, which hand-overs there were, whether the journal is in order.</summary>
/// <param name="connection">The connection string.</param>
/// <param name="isPostgres">Whether the store is PostgreSQL; else a SQLite file.</param>
internal sealed class StoreView(string connection, bool isPostgres)
{
    private readonly Dictionary<(long Shard, long Collector), long> _marks = [];
    private readonly Dictionary<long, (long JournalSequence, long Epoch)> _last = [];

    /// <summary>The member that holds the controller's lease; null when nobody does.</summary>
    public async Task<string?> ControllerAsync()
    {
        const string Query = "SELECT m.node_name FROM lease l JOIN member m ON m.incarnation = l.holder WHERE l.name = 'controller' AND m.status < 4";
        await using DbConnection store = await OpenAsync();
        return await ScalarAsync(store, Query) as string;
    }

    /// <summary>The newest number of a hand-over; 0 when there was none.</summary>
    public async Task<long> LastMoveAsync()
    {
        await using DbConnection store = await OpenAsync();
        return Convert.ToInt64(await ScalarAsync(store, "SELECT COALESCE(MAX(move_id), 0) FROM move"), null);
    }

    /// <summary>How many planned hand-overs were done after a number.</summary>
    public async Task<int> MovesAsync(long after)
    {
        await using DbConnection store = await OpenAsync();
        return Convert.ToInt32(await ScalarAsync(store, $"SELECT count(*) FROM move WHERE move_id > {after} AND state = 3 AND kind <> 3"), null);
    }

    /// <summary>All hand-overs after a number, of a PostgreSQL store.</summary>
    public async Task<IReadOnlyList<MoveSeen>> MovesSinceAsync(long after)
    {
        await using DbConnection store = await OpenAsync();
        await using DbCommand command = store.CreateCommand();
        command.CommandText = $"SELECT shard_id, kind, state, started_at, ended_at FROM move WHERE move_id > {after} ORDER BY move_id";
        await using DbDataReader row = await command.ExecuteReaderAsync();
        var moves = new List<MoveSeen>();
        while (await row.ReadAsync())
        {
            moves.Add(new MoveSeen(
                row.GetInt32(0), row.GetInt16(1), row.GetInt16(2) == 3, row.GetDateTime(3), await row.IsDBNullAsync(4) ? null : row.GetDateTime(4)));
        }

        return moves;
    }

    /// <summary>
    /// Judges the journal rows that came since the last call, below the (series, time) rule: per shard the numbers and epochs rise, and each
    /// collector's section numbers rise, so that no section stands in two rows.
    /// </summary>
    /// <remarks>Rows that a cut has deleted meanwhile are not seen; a call every few rounds sees most.</remarks>
    /// <returns>What is wrong, one a line.</returns>
    public async Task<IReadOnlyList<string>> JournalFaultsAsync()
    {
        await using DbConnection store = await OpenAsync();
        await using DbCommand command = store.CreateCommand();
        command.CommandText = "SELECT shard_id, jseq, epoch, marks FROM journal ORDER BY shard_id, jseq";
        await using DbDataReader row = await command.ExecuteReaderAsync();
        var faults = new List<string>();
        while (await row.ReadAsync())
        {
            Take(Convert.ToInt64(row.GetValue(0), null), row.GetInt64(1), row.GetInt64(2), (byte[])row.GetValue(3), faults);
        }

        return faults;
    }

    private void Take(long shard, long sequence, long epoch, byte[] marks, List<string> faults)
    {
        (long JournalSequence, long Epoch) last = _last.GetValueOrDefault(shard);
        if (sequence <= last.JournalSequence)
        {
            return; // seen before
        }

        if (epoch < last.Epoch)
        {
            faults.Add($"shard {shard}: row {sequence} is of epoch {epoch}, after one of epoch {last.Epoch}");
        }

        _last[shard] = (sequence, epoch);
        int position = 0;
        while (position < marks.Length)
        {
            long collector = Varint(marks, ref position), section = Varint(marks, ref position);
            long before = _marks.GetValueOrDefault((shard, collector));
            if (section <= before)
            {
                faults.Add($"shard {shard}: row {sequence} has sections up to {section} of collector {collector}, an earlier row up to {before}");
            }

            _marks[(shard, collector)] = section;
        }
    }

    private async Task<DbConnection> OpenAsync()
    {
        // A connection of the pool may be one to a server that was stopped meanwhile.
        DbConnection store = isPostgres ? new NpgsqlConnection($"{connection};Pooling=false") : new SqliteConnection(connection);
        await store.OpenAsync();
        return store;
    }

    private static async Task<object?> ScalarAsync(DbConnection store, string query)
    {
        await using DbCommand command = store.CreateCommand();
#pragma warning disable CA2100 // constants of this file
        command.CommandText = query;
#pragma warning restore CA2100
        return await command.ExecuteScalarAsync();
    }

    // docs/formats/journal.md: LEB128.
    private static long Varint(byte[] bytes, ref int position)
    {
        long value = 0;
        for (int shift = 0; shift < 64; shift += 7)
        {
            byte one = bytes[position++];
            value |= (long)(one & 0x7f) << shift;
            if (one < 0x80)
            {
                return value;
            }
        }

        throw new InvalidDataException("a varint has more than ten bytes");
    }
}

/// <summary>A hand-over as the store keeps it.</summary>
/// <param name="Shard">The shard.</param>
/// <param name="Kind">Why: 1 balance, 2 drain, 3 failover, 4 operator, 5 rollback.</param>
/// <param name="IsDone">Whether its target owns the shard.</param>
/// <param name="StartedAt">When it began, by the store's clock.</param>
/// <param name="EndedAt">When it ended; null while it has not.</param>
internal sealed record MoveSeen(int Shard, int Kind, bool IsDone, DateTime StartedAt, DateTime? EndedAt);
