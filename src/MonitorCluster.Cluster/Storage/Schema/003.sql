-- Acting on watched services: what was decided, before it is done, so that a new owner of a policy finishes it or takes it back.

CREATE TABLE actuation (
  action_id {identity}, policy text NOT NULL,
  revision text NOT NULL,                 -- of the policy's file: a policy that is off goes on when it was changed
  target text NOT NULL,                   -- names endpoint, backend and server, so that a policy that is gone can be taken back, too
  param text NOT NULL, initial_value {int} NOT NULL, old_value {int} NOT NULL, new_value {int} NOT NULL,
  owner {bigint} NOT NULL, epoch {bigint} NOT NULL,
  state {smallint} NOT NULL,              -- open: 1 intended 2 applied 3 verified; ended: 4 superseded 5 returned 6 reverted 7 failed 8 overruled 9 proposed
  reason text NOT NULL, created_at {time} NOT NULL DEFAULT {now}, expires_at {time} NOT NULL,
  verify_at {time}, verify_json text NOT NULL, ended_at {time});
CREATE UNIQUE INDEX actuation_open ON actuation(target) WHERE state < 4;
CREATE INDEX actuation_policy ON actuation(policy, action_id)
