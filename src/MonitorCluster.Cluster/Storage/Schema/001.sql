-- The store's first schema (cluster protocol: docs/ARCHITECTURE.md). One text for both databases: {macros} are filled in by StoreDialect.
-- Append tables have an identity key and a narrow unique index: a blob inside a clustered key cost 7x on inserts.

CREATE TABLE cluster (                    -- exactly one row
  cluster_id text PRIMARY KEY, cluster_uuid {uuid} NOT NULL,
  schema_version {int} NOT NULL, min_reader {int} NOT NULL,
  version {bigint} NOT NULL DEFAULT 1,    -- orders membership and shard map; its row lock makes number order = commit order
  next_incarnation {bigint} NOT NULL DEFAULT 1, keep_from_ms {bigint} NOT NULL DEFAULT 0,
  shard_count {int} NOT NULL CHECK (shard_count BETWEEN 1 AND 65536), hash_id text NOT NULL,
  config_hash text NOT NULL, config_json text NOT NULL, created_at {time} NOT NULL DEFAULT {now});

CREATE TABLE member (
  incarnation {bigint} PRIMARY KEY, node_name text NOT NULL, address text NOT NULL, zone text NOT NULL DEFAULT '',
  roles {int} NOT NULL,                   -- bit 1 aggregator, 2 collector, 4 api
  build text NOT NULL, proto_min {int} NOT NULL, proto_max {int} NOT NULL,
  cpu_milli {int} NOT NULL, mem_bytes {bigint} NOT NULL, data_dir_id {uuid} NOT NULL,
  status {smallint} NOT NULL,             -- 1 joining 2 active 3 leaving 4 dead; only ever rises
  reason text, hb_seq {bigint} NOT NULL DEFAULT 0,
  heartbeat_at {time} NOT NULL DEFAULT {now},   -- for people; never used in a decision
  status_at {time} NOT NULL DEFAULT {now}, version {bigint} NOT NULL);
CREATE UNIQUE INDEX member_live_name ON member(node_name) WHERE status < 4;
CREATE UNIQUE INDEX member_live_addr ON member(address) WHERE status < 4;
CREATE INDEX member_version ON member(version);

CREATE TABLE suspicion (
  target {bigint} NOT NULL REFERENCES member ON DELETE CASCADE,
  voter {bigint} NOT NULL REFERENCES member ON DELETE CASCADE,
  evidence text NOT NULL, at {time} NOT NULL DEFAULT {now},
  PRIMARY KEY (target, voter), CHECK (target <> voter));

CREATE TABLE lease (
  name text PRIMARY KEY, holder {bigint}, epoch {bigint} NOT NULL DEFAULT 0, expires_at {time} NOT NULL DEFAULT {never});

CREATE TABLE shard (
  shard_id {int} PRIMARY KEY, epoch {bigint} NOT NULL DEFAULT 0,
  owner {bigint} REFERENCES member, target {bigint} REFERENCES member, move_id {bigint}, pinned text,
  changed_at {time} NOT NULL DEFAULT {now}, version {bigint} NOT NULL DEFAULT 1){hot};
CREATE INDEX shard_version ON shard(version);
CREATE INDEX shard_owner ON shard(owner);

CREATE TABLE collector (
  collector_no {identity}, collector_id {uuid} NOT NULL UNIQUE, name text NOT NULL, first_seen {time} NOT NULL DEFAULT {now});

CREATE TABLE journal (
  id {identity}, shard_id {int} NOT NULL, jseq {bigint} NOT NULL, epoch {bigint} NOT NULL, writer {bigint} NOT NULL,
  samples {int} NOT NULL,
  marks {bytea} NOT NULL,                 -- varint (collector_no, seq) pairs that advanced in this row: data and offset cannot disagree
  body {bytea} NOT NULL, written_at {time} NOT NULL DEFAULT {now}, UNIQUE (shard_id, jseq));

CREATE TABLE snapshot (
  id {identity}, shard_id {int} NOT NULL, jseq {bigint} NOT NULL, part {int} NOT NULL, epoch {bigint} NOT NULL,
  marks {bytea} NOT NULL,                 -- the full map, in part 0
  body {bytea} NOT NULL, written_at {time} NOT NULL DEFAULT {now}, UNIQUE (shard_id, jseq, part));

CREATE TABLE series (
  shard_id {int} NOT NULL, series_no {int} NOT NULL, labels {bytea} NOT NULL, first_ms {bigint} NOT NULL,
  PRIMARY KEY (shard_id, series_no));

CREATE TABLE block (
  id {identity}, shard_id {int} NOT NULL,
  level {smallint} NOT NULL,              -- 0 raw 5 min, 1 raw 2 h, 2 raw 24 h, 3 roll-up 1 min, 4 roll-up 1 h
  from_ms {bigint} NOT NULL, to_ms {bigint} NOT NULL, epoch {bigint} NOT NULL, body {bytea} NOT NULL);
CREATE INDEX block_time ON block(shard_id, level, from_ms);

CREATE TABLE alert_seq (n {bigint} NOT NULL);   -- one row, locked last in a transaction: order of numbers = order of commits

CREATE TABLE alert_log (
  seq {bigint} PRIMARY KEY, shard_id {int}, jseq {bigint},   -- null for kind cluster and fleet incidents
  alert_id text NOT NULL, body {json} NOT NULL, at {time} NOT NULL DEFAULT {now});

CREATE TABLE alert (
  alert_id text PRIMARY KEY, shard_id {int}, state {smallint} NOT NULL, body {json} NOT NULL);
CREATE INDEX alert_shard ON alert(shard_id);

CREATE TABLE outbox (
  seq {bigint} NOT NULL, sink text NOT NULL, state {smallint} NOT NULL, attempts {int} NOT NULL DEFAULT 0,
  next_at {time}, error text, PRIMARY KEY (seq, sink));

CREATE TABLE silence (
  id text PRIMARY KEY, from_ms {bigint} NOT NULL, until_ms {bigint} NOT NULL, body {json} NOT NULL, version {bigint} NOT NULL);

CREATE TABLE feedback (id text PRIMARY KEY, shard_id {int} NOT NULL, until_ms {bigint}, body {json} NOT NULL);

CREATE TABLE plan (
  plan_id {identity}, ctl_epoch {bigint} NOT NULL, kind {smallint} NOT NULL, state {smallint} NOT NULL, trigger text NOT NULL,
  before_json text NOT NULL, predicted_json text NOT NULL, after_json text,
  created_at {time} NOT NULL DEFAULT {now}, ended_at {time});

CREATE TABLE move (
  move_id {identity}, plan_id {bigint}, shard_id {int} NOT NULL, from_inc {bigint}, to_inc {bigint} NOT NULL,
  kind {smallint} NOT NULL,               -- 1 balance 2 drain 3 failover 4 operator 5 rollback
  from_epoch {bigint} NOT NULL,
  state {smallint} NOT NULL,              -- 1 planned 2 moving 3 done 4 cancelled
  reason text NOT NULL, gain {double}, cost {double},
  started_at {time} NOT NULL DEFAULT {now}, ended_at {time}, pause_ms {int});

CREATE {unlogged}TABLE node_load (incarnation {bigint} PRIMARY KEY, at {time} NOT NULL, body {bytea} NOT NULL);
