using System.Data.Common;

namespace MonitorCluster.Cluster.Storage;

/// <content>Members, the controller's lease and collectors.</content>
public sealed partial class SqlStore
{
    private const string SelectMembers =
        """
        SELECT incarnation, node_name, address, zone, roles, build, CAST(data_dir_id AS text), status, reason, hb_seq, version
        FROM member
        """;

    /// <summary>Admits a node as 'joining' and gives it an incarnation, replacing its own predecessor and members proven to stand still.</summary>
    /// <remarks>After an unknown outcome simply repeated: the half-admitted row has the same name and data directory and is replaced.</remarks>
    public AdmitResult Admit(AdmitRequest request) => Admit(request, static () => true)!;

    /// <summary>As <see cref="Admit(AdmitRequest)"/>, unless the node does not wait for it any more when its turn has come.</summary>
    /// <param name="request">The node.</param>
    /// <param name="isAwaited">Asked when every earlier admission has ended.</param>
    /// <returns>Null when it came too late, and nothing was done.</returns>
    public AdmitResult? Admit(AdmitRequest request, Func<bool> isAwaited)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(isAwaited);
        return _session.Write(() =>
        {
            LockCluster(); // admissions come one after the other
            if (!isAwaited())
            {
                return null;
            }

            List<MemberRow> living = _session.Query(SelectMembers + " WHERE status < 4 ORDER BY incarnation {update}", ReadMember);
            List<MemberRow> inTheWay = [.. living.Where(member => IsInTheWay(member, request))];
            if (inTheWay.Count > 0)
            {
                return new AdmitResult(0, inTheWay);
            }

            long version = Bump();
            foreach (MemberRow member in living.Where(member => IsReplaced(member, request)))
            {
                SetDead(member.Incarnation, "replaced", version);
            }

            long incarnation = _session.Number("UPDATE cluster SET next_incarnation = next_incarnation + 1 RETURNING next_incarnation - 1")!.Value;
            InsertMember(request, incarnation, version);
            return new AdmitResult(incarnation, []);
        });
    }

    /// <summary>Makes a joining member active.</summary>
    /// <returns>False when it is not joining or active any more.</returns>
    public bool Activate(long incarnation) => _session.Write(() =>
    {
        long? status = _session.Number("SELECT status FROM member WHERE incarnation = @me", ("me", incarnation));
        if (status != (int)MemberStatus.Joining)
        {
            return status == (int)MemberStatus.Active;
        }

        long version = Bump();
        return _session.Execute(
            "UPDATE member SET status = 2, status_at = {now}, version = @version WHERE incarnation = @me AND status = 1",
            ("version", version),
            ("me", incarnation)) == 1;
    });

    /// <summary>Shows that a member lives.</summary>
    /// <returns>Null when the member is dead: it must stop all shards and end with exit code 75.</returns>
    public HeartbeatResult? Heartbeat(long incarnation) => _session.Write<HeartbeatResult?>(() =>
    {
        long? status = _session.Number(
            "UPDATE member SET hb_seq = hb_seq + 1, heartbeat_at = {now} WHERE incarnation = @me AND status IN (1, 2, 3) RETURNING status",
            ("me", incarnation));
        return status is null ? null : _session.Query(
            "SELECT version, (SELECT n FROM alert_seq) FROM cluster",
            row => new HeartbeatResult((MemberStatus)status, row.GetInt64(0), row.GetInt64(1))).Single();
    });

    /// <summary>Takes or renews the controller's lease for six seconds of the database's clock.</summary>
    /// <returns>The lease's epoch, which rises when the holder changes; null when another active member holds it, or this one is not active.</returns>
    public long? AcquireLease(long incarnation) => _session.Write(() => _session.Number(
        """
        UPDATE lease SET epoch = CASE WHEN holder = @me AND expires_at > {now} THEN epoch ELSE epoch + 1 END,
          holder = @me, expires_at = {now} + 6000 * {ms}
        WHERE name = 'controller'
          AND (expires_at <= {now} OR holder = @me OR EXISTS (SELECT 1 FROM member m WHERE m.incarnation = lease.holder AND m.status = 4))
          AND EXISTS (SELECT 1 FROM member m WHERE m.incarnation = @me AND m.status = 2)
        RETURNING epoch
        """,
        ("me", incarnation)));

    /// <summary>Every member that ever was, ascending by incarnation.</summary>
    public IReadOnlyList<MemberRow> Members() => _session.Read(() => _session.Query(SelectMembers + " ORDER BY incarnation", ReadMember));

    /// <summary>Declares a member dead, whatever it is; its shards stay its own until they are assigned.</summary>
    /// <returns>False when it was dead already or never was.</returns>
    public bool MarkDead(long incarnation, string reason)
    {
        ArgumentException.ThrowIfNullOrEmpty(reason);
        return _session.Write(() => SetDead(incarnation, reason, Bump()) == 1);
    }

    /// <summary>Ends a member's life at its own wish: the next start takes its shards at once.</summary>
    /// <returns>False when it was dead already.</returns>
    public bool Leave(long incarnation) => MarkDead(incarnation, "left");

    /// <summary>The small number of a collector, by which marks name it; made at the first call.</summary>
    public long RegisterCollector(Guid collectorId, string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        string id = collectorId.ToString();
        return _session.Write(() =>
            _session.Number("SELECT collector_no FROM collector WHERE collector_id = CAST(@id AS {uuid})", ("id", id))
            ?? _session.Number( // another node may register the same one at this moment
                """
                INSERT INTO collector(collector_id, name) VALUES (CAST(@id AS {uuid}), @name)
                ON CONFLICT (collector_id) DO UPDATE SET name = excluded.name RETURNING collector_no
                """,
                ("id", id),
                ("name", name))
            ?? throw new InvalidOperationException("The store gave no collector number."));
    }

    private static bool IsReplaced(MemberRow member, AdmitRequest request) =>
        (member.DataDirId == request.DataDirId && member.NodeName == request.NodeName) // the folder alone may be a copy
        || request.StoodStill.Contains(new ObservedMember(member.Incarnation, member.HeartbeatSeq));

    private static bool IsInTheWay(MemberRow member, AdmitRequest request) =>
        !IsReplaced(member, request)
        && (request.Alone || member.NodeName == request.NodeName || member.Address == request.Address || member.DataDirId == request.DataDirId);

    private static MemberRow ReadMember(DbDataReader row) => new(
        row.GetInt64(0),
        row.GetString(1),
        row.GetString(2),
        row.GetString(3),
        (NodeRoles)row.GetInt32(4),
        row.GetString(5),
        Guid.Parse(row.GetString(6)),
        (MemberStatus)row.GetInt32(7),
        row.IsDBNull(8) ? null : row.GetString(8),
        row.GetInt64(9),
        row.GetInt64(10));

    private long ClusterVersion() => _session.Number("SELECT version FROM cluster") ?? throw new InvalidOperationException("The store has no cluster row.");

    private int SetDead(long incarnation, string reason, long version)
    {
        _session.Execute("DELETE FROM suspicion WHERE target = @inc OR voter = @inc", ("inc", incarnation));
        return _session.Execute(
            "UPDATE member SET status = 4, reason = @reason, status_at = {now}, version = @version WHERE incarnation = @inc AND status < 4",
            ("reason", reason),
            ("version", version),
            ("inc", incarnation));
    }

    private void InsertMember(AdmitRequest request, long incarnation, long version) => _session.Execute(
        """
        INSERT INTO member(incarnation, node_name, address, zone, roles, build, proto_min, proto_max, cpu_milli, mem_bytes, data_dir_id, status, version)
        VALUES (@inc, @name, @address, @zone, @roles, @build, @proto_min, @proto_max, @cpu, @mem, CAST(@dir AS {uuid}), 1, @version)
        """,
        ("inc", incarnation),
        ("name", request.NodeName),
        ("address", request.Address),
        ("zone", request.Zone),
        ("roles", (int)request.Roles),
        ("build", request.Build),
        ("proto_min", request.ProtoMin),
        ("proto_max", request.ProtoMax),
        ("cpu", request.CpuMilli),
        ("mem", request.MemoryBytes),
        ("dir", request.DataDirId.ToString()),
        ("version", version));
}
