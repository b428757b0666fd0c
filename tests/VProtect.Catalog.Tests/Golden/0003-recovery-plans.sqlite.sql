-- Which machines are restored together, in which order and where to; a run of one is a workflow. The first draft of these tables was never written to.
DROP TABLE recovery_plan_steps;
DROP TABLE recovery_plans;
CREATE TABLE recovery_plans (
  guid TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  name_key TEXT NOT NULL,
  description TEXT NOT NULL,
  active SMALLINT NOT NULL CHECK (active IN (0, 1)),
  goes_on_after_failure SMALLINT NOT NULL CHECK (goes_on_after_failure IN (0, 1)),
  destination_guid TEXT REFERENCES destinations (guid) ON DELETE SET NULL,
  cron TEXT,
  time_zone TEXT NOT NULL,
  steps TEXT NOT NULL,
  tenant_id TEXT,
  last_run_at BIGINT,
  next_run_at BIGINT,
  version BIGINT NOT NULL
);
CREATE UNIQUE INDEX recovery_plans_by_name_key ON recovery_plans (name_key);
CREATE INDEX recovery_plans_by_next_run_at ON recovery_plans (next_run_at );
CREATE INDEX recovery_plans_by_destination ON recovery_plans (destination_guid);

ALTER TABLE workflows ADD COLUMN recovery_plan_guid TEXT REFERENCES recovery_plans (guid) ON DELETE SET NULL;
CREATE INDEX workflows_by_recovery_plan_created_at ON workflows (recovery_plan_guid, created_at, guid);
