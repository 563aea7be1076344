namespace MonitorCluster.SimulationTests.World;

/// <summary>What must hold in the store after every transaction, whoever made it. Triggers note each breach; the world asks for them often.</summary>
internal static class StoreRules
{
    /// <summary>The judge's own tables and triggers, made beside the program's schema.</summary>
    public const string Tables =
        """
        CREATE TABLE journal_kept(id INTEGER PRIMARY KEY, shard_id, jseq, epoch, writer, samples, marks, body);
        CREATE TRIGGER keep_journal AFTER INSERT ON journal BEGIN
          INSERT INTO journal_kept VALUES (new.id, new.shard_id, new.jseq, new.epoch, new.writer, new.samples, new.marks, new.body);
        END;
        CREATE TABLE cut_history(shard_id, jseq);
        CREATE TRIGGER keep_cut AFTER INSERT ON snapshot WHEN new.part = 0 BEGIN
          INSERT INTO cut_history VALUES (new.shard_id, new.jseq);
        END;
        CREATE TABLE shard_history(shard_id, epoch, owner, at_transaction, PRIMARY KEY (shard_id, epoch, owner, at_transaction));
        CREATE TRIGGER keep_owner AFTER UPDATE OF owner, epoch ON shard BEGIN
          INSERT INTO shard_history VALUES (new.shard_id, new.epoch, new.owner, mc_transaction());
        END;
        CREATE TABLE member_history(incarnation, status, reason);
        CREATE TRIGGER keep_member AFTER UPDATE OF status ON member BEGIN
          INSERT INTO member_history VALUES (new.incarnation, new.status, new.reason);
        END;

        CREATE TABLE breach(what);
        CREATE TRIGGER rule_cluster AFTER UPDATE OF version ON cluster WHEN new.version < old.version BEGIN
          INSERT INTO breach VALUES (printf('the cluster version fell from %d to %d', old.version, new.version));
        END;
        CREATE TRIGGER rule_owner AFTER UPDATE ON shard
          WHEN new.epoch NOT IN (old.epoch, old.epoch + 1) OR (new.owner IS NOT old.owner AND new.epoch = old.epoch) OR new.version < old.version BEGIN
          INSERT INTO breach VALUES (printf('shard %d went from owner %d, epoch %d, version %d to owner %d, epoch %d, version %d',
            new.shard_id, old.owner, old.epoch, old.version, new.owner, new.epoch, new.version));
        END;
        CREATE TRIGGER rule_move AFTER UPDATE OF move_id ON shard WHEN old.move_id IS NOT NULL AND new.move_id IS NOT NULL AND new.move_id <> old.move_id BEGIN
          INSERT INTO breach VALUES (printf('shard %d began move %d during move %d', new.shard_id, new.move_id, old.move_id));
        END;
        CREATE TRIGGER rule_status AFTER UPDATE OF status ON member WHEN new.status < old.status BEGIN
          INSERT INTO breach VALUES (printf('member %d went from status %d to %d', new.incarnation, old.status, new.status));
        END;
        CREATE TRIGGER rule_heartbeat AFTER UPDATE OF hb_seq ON member WHEN old.status = 4 OR new.hb_seq < old.hb_seq BEGIN
          INSERT INTO breach VALUES (printf('member %d, status %d, went from heartbeat %d to %d', new.incarnation, old.status, old.hb_seq, new.hb_seq));
        END;
        CREATE TRIGGER rule_writer AFTER INSERT ON journal
          WHEN NOT EXISTS (SELECT 1 FROM shard s WHERE s.shard_id = new.shard_id AND s.owner = new.writer AND s.epoch = new.epoch)
           AND NOT EXISTS (SELECT 1 FROM shard_history h WHERE h.shard_id = new.shard_id AND h.epoch = new.epoch AND h.owner = new.writer
             AND EXISTS (SELECT 1 FROM shard_history n WHERE n.shard_id = new.shard_id AND n.epoch = new.epoch + 1
             AND n.at_transaction = mc_transaction())) BEGIN
          INSERT INTO breach VALUES (printf('journal row %d of shard %d was written by member %d in epoch %d, which is not its own',
            new.jseq, new.shard_id, new.writer, new.epoch));
        END;
        CREATE TRIGGER rule_cut AFTER INSERT ON snapshot WHEN (SELECT epoch FROM shard s WHERE s.shard_id = new.shard_id) <> new.epoch BEGIN
          INSERT INTO breach VALUES (printf('shard %d was cut in epoch %d, which is not the present one', new.shard_id, new.epoch));
        END;
        CREATE TRIGGER rule_alert AFTER INSERT ON alert_log
          WHEN new.seq <> 1 + coalesce((SELECT max(seq) FROM alert_log WHERE seq < new.seq), 0) OR EXISTS (SELECT 1 FROM alert_log WHERE seq > new.seq) BEGIN
          INSERT INTO breach VALUES (printf('alert %s has number %d, which is not the next', new.alert_id, new.seq));
        END;
        """;

    /// <summary>Statements that give a row when something is wrong between transactions.</summary>
    public static readonly IReadOnlyList<string> Often =
    [
        "SELECT what FROM breach LIMIT 1",
        """
        SELECT printf('shard %d has %d open moves', shard_id, count(*)) FROM move WHERE state < 3 GROUP BY shard_id HAVING count(*) > 1 LIMIT 1
        """,
        """
        SELECT printf('shard %d names target %s and move %s, which is not open', s.shard_id, s.target, s.move_id) FROM shard s
        WHERE (s.target IS NULL) <> (s.move_id IS NULL)
           OR (s.move_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM move m WHERE m.move_id = s.move_id AND m.state < 3 AND m.to_inc = s.target)) LIMIT 1
        """,
        """
        SELECT printf('move %d of shard %d is open and the shard does not know', m.move_id, m.shard_id) FROM move m
        WHERE m.state < 3 AND NOT EXISTS (SELECT 1 FROM shard s WHERE s.shard_id = m.shard_id AND s.move_id = m.move_id) LIMIT 1
        """,
    ];
}
