-- Which machines are restored together, in which order and where to; a run of one is a workflow. The first draft of these tables was never written to.
DROP TABLE recovery_plan_steps;
DROP TABLE recovery_plans;
CREATE TABLE recovery_plans (
  guid TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  name TEXT COLLATE "C" NOT NULL,
  name_key TEXT COLLATE "C" NOT NULL,
  description TEXT COLLATE "C" NOT NULL,
  active SMALLINT NOT NULL CHECK (active IN (0, 1)),
  goes_on_after_failure SMALLINT NOT NULL CHECK (goes_on_after_failure IN (0, 1)),
  destination_guid TEXT COLLATE "C" REFERENCES destinations (guid) ON DELETE SET NULL,
  cron TEXT COLLATE "C",
  time_zone TEXT COLLATE "C" NOT NULL,
  steps TEXT COLLATE "C" NOT NULL,
  tenant_id TEXT COLLATE "C",
  last_run_at BIGINT,
  next_run_at BIGINT,
  version BIGINT NOT NULL
);
CREATE UNIQUE INDEX recovery_plans_by_name_key ON recovery_plans (name_key);
CREATE INDEX recovery_plans_by_next_run_at ON recovery_plans (next_run_at NULLS FIRST);
CREATE INDEX recovery_plans_by_destination ON recovery_plans (destination_guid);

ALTER TABLE workflows ADD COLUMN recovery_plan_guid TEXT COLLATE "C" REFERENCES recovery_plans (guid) ON DELETE SET NULL;
CREATE INDEX workflows_by_recovery_plan_created_at ON workflows (recovery_plan_guid, created_at, guid);
