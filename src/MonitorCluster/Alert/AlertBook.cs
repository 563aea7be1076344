using System.Buffers;
using System.Globalization;
using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.Alert;

/// <summary>The open alerts of one shard, and the transitions that wait to be logged.</summary>
/// <remarks>
/// A pure function of the calls in their order, so that replaying the journal gives the same ids. One alert is open per (labels, channel).
/// At most <c>openMax</c> are open; more are counted, and one alert of kind <c>cluster</c> says so.
/// One writer: the shard's mailbox.
/// </remarks>
public sealed class AlertBook
{
    /// <summary>Default bound of open alerts in a shard.</summary>
    public const int DefaultOpenMax = 1_000;

    private readonly Dictionary<(LabelSet Labels, string Channel), AlertRecord> open = [];
    private readonly List<AlertTransition> transitions = [];
    private readonly int shard;
    private readonly int openMax;
    private readonly (LabelSet Labels, string Channel) limitKey;
    private long lastNumber;

    /// <summary>An empty book.</summary>
    /// <param name="shard">The shard's number, first part of every id.</param>
    /// <param name="openMax">Most alerts that are open at once, at least 1.</param>
    public AlertBook(int shard, int openMax = DefaultOpenMax)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(openMax, 1);
        (this.shard, this.openMax) = (shard, openMax);
        limitKey = (LabelSet.Create(new Label("shard", shard.ToString(CultureInfo.InvariantCulture))), "limit");
    }

    /// <summary>Alerts that were not opened because the book was full.</summary>
    public long RefusedCount { get; private set; }

    /// <summary>Number of open alerts, the one about the limit among them.</summary>
    public int OpenCount => open.Count;

    /// <summary>Whether transitions wait.</summary>
    public bool HasTransitions => transitions.Count > 0;

    /// <summary>The open alerts in the order in which they were opened. A copy.</summary>
    public IReadOnlyList<AlertRecord> Open() => [.. open.Values.OrderBy(a => NumberOf(a.Id))];

    /// <summary>The waiting transitions in their order; the book forgets them.</summary>
    public IReadOnlyList<AlertTransition> Drain()
    {
        AlertTransition[] drained = [.. transitions];
        transitions.Clear();
        return drained;
    }

    /// <summary>The open alert of a key, or null.</summary>
    public AlertRecord? Find(LabelSet labels, string channel) => open.GetValueOrDefault((labels, channel));

    /// <summary>Opens an alert, or raises an open one from pending to firing. Id, sequence and start of an open one are kept.</summary>
    /// <param name="facts">The alert with status pending or firing; its id and sequence are ignored. People are told when it says so and is firing.</param>
    /// <param name="atMs">The time of the sample or tick that caused it.</param>
    public void Raise(AlertRecord facts, long atMs)
    {
        ArgumentNullException.ThrowIfNull(facts);
        if (open.TryGetValue((facts.Labels, facts.Channel), out AlertRecord? before))
        {
            if (before.Status == AlertStatus.Pending && facts.Status == AlertStatus.Firing)
            {
                Set(facts with { Id = before.Id, StartsAtMs = before.StartsAtMs }, atMs, facts.Notify);
            }

            return;
        }

        if (open.Count >= openMax && facts.Channel != limitKey.Channel)
        {
            RefusedCount++;
            RaiseLimit(atMs);
            return;
        }

        Set(facts with { Id = NextId() }, atMs, facts.Notify && facts.Status != AlertStatus.Pending);
    }

    /// <summary>Brings an open alert up to date; nothing happens when it is not open. Id, start, status and who has it in hand are kept.</summary>
    /// <param name="facts">The alert as it is now.</param>
    /// <param name="atMs">The time of the sample or tick that changed it.</param>
    /// <param name="isNews">Whether that is a transition to be logged; else only those who look at open alerts see it.</param>
    public void Update(AlertRecord facts, long atMs, bool isNews)
    {
        ArgumentNullException.ThrowIfNull(facts);
        if (!open.TryGetValue((facts.Labels, facts.Channel), out AlertRecord? before))
        {
            return;
        }

        AlertRecord after = UpToDate(before, facts);
        if (isNews)
        {
            Set(after, atMs, facts.Notify);
        }
        else
        {
            open[(facts.Labels, facts.Channel)] = after;
        }
    }

    /// <summary>An open alert with the details of now: id, number, start, status, whether people were told, and who has it in hand are kept.</summary>
    public static AlertRecord UpToDate(AlertRecord before, AlertRecord facts)
    {
        ArgumentNullException.ThrowIfNull(before);
        ArgumentNullException.ThrowIfNull(facts);
        return facts with
        {
            Id = before.Id,
            Seq = before.Seq,
            Status = before.Status,
            StartsAtMs = before.StartsAtMs,
            AcknowledgedBy = before.AcknowledgedBy,
            Comment = before.Comment,
            Notify = before.Notify,
        };
    }

    /// <summary>Ends an alert; nothing happens when it is not open.</summary>
    /// <param name="labels">Labels of the alert.</param>
    /// <param name="channel">Channel of the alert.</param>
    /// <param name="summary">How it ended, one sentence.</param>
    /// <param name="value">The value it ended with, or null.</param>
    /// <param name="atMs">The time of the sample or tick that ended it.</param>
    public void Resolve(LabelSet labels, string channel, string summary, double? value, long atMs)
    {
        if (!open.TryGetValue((labels, channel), out AlertRecord? before))
        {
            return;
        }

        Close(before, summary, value, atMs);
        if (open.Count <= openMax - Math.Max(1, openMax / 10) && open.TryGetValue(limitKey, out AlertRecord? limit))
        {
            Close(limit, $"shard {shard} has {open.Count - 1} open alerts again, fewer than its limit of {openMax}", open.Count - 1, atMs);
        }
    }

    /// <summary>Marks a firing alert as looked after. Acknowledging twice changes nothing.</summary>
    public AcknowledgeOutcome Acknowledge(string id, string by, string comment, long atMs)
    {
        AlertRecord? before = open.Values.FirstOrDefault(a => a.Id == id);
        if (before is null || before.Status == AlertStatus.Pending)
        {
            return before is null ? AcknowledgeOutcome.NotOpen : AcknowledgeOutcome.Pending;
        }

        if (before.Status == AlertStatus.Firing)
        {
            Set(before with { Status = AlertStatus.Acknowledged, AcknowledgedBy = by, Comment = comment }, atMs, before.Notify);
        }

        return AcknowledgeOutcome.Acknowledged;
    }

    /// <summary>Ends recovery: the durable rows win over what the replay recomputed, and the differences become ordinary transitions.</summary>
    /// <remarks>
    /// Transitions of the replay are dropped (emission off). In both: the row's id, status and acknowledgement stay, the details are the replay's,
    /// and a pending row rises to firing when the replay says so. Only recomputed: it is raised now. Only a row: it is resolved now.
    /// </remarks>
    /// <param name="rows">The rows of the table <c>alert</c> that are open for this shard.</param>
    /// <param name="atMs">Time of the transitions written.</param>
    public void LoadOpen(IReadOnlyList<AlertRecord> rows, long atMs)
    {
        ArgumentNullException.ThrowIfNull(rows);
        IReadOnlyList<AlertRecord> recomputed = Open();
        transitions.Clear();
        open.Clear();
        var durable = new HashSet<(LabelSet Labels, string Channel)>();
        foreach (AlertRecord row in rows.Where(r => r.Status != AlertStatus.Resolved))
        {
            open[(row.Labels, row.Channel)] = row;
            durable.Add((row.Labels, row.Channel));
            lastNumber = Math.Max(lastNumber, NumberOf(row.Id));
        }

        foreach (AlertRecord alert in recomputed)
        {
            if (durable.Remove((alert.Labels, alert.Channel)))
            {
                Raise(alert, atMs);
                Update(alert, atMs, isNews: false);
                (LabelSet, string) key = (alert.Labels, alert.Channel);
                open[key] = open[key] with { Notify = open[key].Notify || alert.Notify }; // a row says it of its last transition only
            }
            else
            {
                bool taken = rows.Any(r => r.Id == alert.Id);
                Set(taken ? alert with { Id = NextId() } : alert, atMs, alert.Notify);
            }
        }

        foreach (AlertRecord row in Open().Where(a => durable.Contains((a.Labels, a.Channel))))
        {
            Close(row, $"{row.Summary}: over when the shard was recovered", null, atMs);
        }
    }

    /// <summary>Writes counter and open alerts. Waiting transitions are not part of it: drain first.</summary>
    public void Snapshot(IBufferWriter<byte> target)
    {
        ArgumentNullException.ThrowIfNull(target);
        Varint.Write(target, (ulong)lastNumber);
        Varint.Write(target, (ulong)RefusedCount);
        Varint.Write(target, (ulong)open.Count);
        foreach (AlertRecord alert in Open())
        {
            byte[] json = AlertJson.ToBytes(alert);
            Varint.Write(target, (ulong)json.Length);
            target.Write(json);
        }
    }

    /// <summary>Takes what <see cref="Snapshot"/> wrote.</summary>
    /// <returns>False, with the book unchanged, when the bytes are not such a snapshot.</returns>
    public bool TryRestore(ReadOnlySpan<byte> source)
    {
        int offset = 0;
        if (!Varint.TryRead(source, ref offset, out ulong number) || number > long.MaxValue
            || !Varint.TryRead(source, ref offset, out ulong refused) || refused > long.MaxValue
            || !Varint.TryRead(source, ref offset, out int count) || count > source.Length - offset) // the limit may have been higher then
        {
            return false;
        }

        var alerts = new List<AlertRecord>();
        for (int i = 0; i < count; i++)
        {
            if (!Varint.TryRead(source, ref offset, out int length) || length > source.Length - offset
                || !AlertJson.TryRead(source.Slice(offset, length), out AlertRecord? alert))
            {
                return false;
            }

            alerts.Add(alert!);
            offset += length;
        }

        if (offset != source.Length || alerts.DistinctBy(a => (a.Labels, a.Channel)).Count() != alerts.Count)
        {
            return false;
        }

        (lastNumber, RefusedCount) = ((long)number, (long)refused);
        transitions.Clear();
        open.Clear();
        alerts.ForEach(a => open.Add((a.Labels, a.Channel), a));
        return true;
    }

    private void RaiseLimit(long atMs) => Raise(
        new AlertRecord
        {
            Id = string.Empty,
            Status = AlertStatus.Firing,
            Severity = AlertSeverity.Critical,
            Kind = AlertKind.Cluster,
            Labels = limitKey.Labels,
            Channel = limitKey.Channel,
            Summary = $"shard {shard} has {openMax} open alerts, its limit; further ones are counted but not shown",
            StartsAtMs = atMs,
            Value = openMax,
            Notify = true,
        },
        atMs);

    // An open alert remembers whether anybody was told of it; a transition says whether anybody is told of this one.
    private void Set(AlertRecord alert, long atMs, bool notify)
    {
        bool wasTold = open.TryGetValue((alert.Labels, alert.Channel), out AlertRecord? before) && before.Notify;
        alert = alert with { Seq = null, Notify = notify };
        open[(alert.Labels, alert.Channel)] = alert with { Notify = notify || wasTold };
        transitions.Add(new AlertTransition(alert, atMs));
    }

    // Who was told that it began is told that it is over.
    private void Close(AlertRecord before, string summary, double? value, long atMs)
    {
        open.Remove((before.Labels, before.Channel));
        AlertRecord after = before with
        {
            Status = AlertStatus.Resolved,
            Seq = null,
            EndsAtMs = Math.Max(atMs, before.StartsAtMs),
            Summary = summary,
            Value = value,
        };
        transitions.Add(new AlertTransition(after, atMs));
    }

    private string NextId() => string.Create(CultureInfo.InvariantCulture, $"{shard}-{++lastNumber}");

    private static long NumberOf(string id) =>
        long.TryParse(id.AsSpan(id.LastIndexOf('-') + 1), NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number : 0;
}
