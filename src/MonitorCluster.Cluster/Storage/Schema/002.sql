-- The optimiser: whether it may act, and where each plan stands, so that another controller carries on or ends it cleanly.

CREATE TABLE optimiser (                  -- exactly one row
  id {int} PRIMARY KEY CHECK (id = 1),
  is_paused {int} NOT NULL DEFAULT 0, paused_by text, paused_at {time},
  note text NOT NULL DEFAULT '');         -- why, for people

INSERT INTO optimiser(id) VALUES (1);

ALTER TABLE plan ADD COLUMN state_json text NOT NULL DEFAULT '';
CREATE INDEX move_plan ON move(plan_id);
CREATE INDEX move_ended ON move(ended_at)
