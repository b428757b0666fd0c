-- Appliances that joined this one: each is a node that has a catalog of its own, of which this one shows a mirror.
CREATE TABLE appliances (
  guid TEXT NOT NULL PRIMARY KEY REFERENCES nodes (guid) ON DELETE CASCADE,
  feed TEXT,
  batch BIGINT NOT NULL,
  skipped BIGINT NOT NULL,
  synced_at BIGINT,
  version BIGINT NOT NULL
);

-- And the other way round: what the server that this appliance joined has not been told yet. There is a feed while there is a row in feeds.
CREATE TABLE feeds (
  feed TEXT NOT NULL PRIMARY KEY,
  batch BIGINT NOT NULL
);
CREATE TABLE feed_changes (
  relation TEXT NOT NULL,
  guid TEXT NOT NULL,
  change BIGINT NOT NULL,
  PRIMARY KEY (relation, guid)
) WITHOUT ROWID;

ALTER TABLE hypervisor_managers ADD COLUMN appliance_guid TEXT;
CREATE INDEX hypervisor_managers_by_appliance ON hypervisor_managers (appliance_guid) WHERE appliance_guid IS NOT NULL;
CREATE TRIGGER hypervisor_managers_feed_in AFTER INSERT ON hypervisor_managers BEGIN
  INSERT INTO feed_changes (relation, guid, change) SELECT 'hypervisor_managers', NEW.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
END;
CREATE TRIGGER hypervisor_managers_feed_out AFTER DELETE ON hypervisor_managers BEGIN
  INSERT INTO feed_changes (relation, guid, change) SELECT 'hypervisor_managers', OLD.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
END;
CREATE TRIGGER hypervisor_managers_feed_over AFTER UPDATE ON hypervisor_managers BEGIN
  INSERT INTO feed_changes (relation, guid, change) SELECT 'hypervisor_managers', NEW.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
END;
ALTER TABLE hypervisor_clusters ADD COLUMN appliance_guid TEXT;
CREATE INDEX hypervisor_clusters_by_appliance ON hypervisor_clusters (appliance_guid) WHERE appliance_guid IS NOT NULL;
CREATE TRIGGER hypervisor_clusters_feed_in AFTER INSERT ON hypervisor_clusters BEGIN
  INSERT INTO feed_changes (relation, guid, change) SELECT 'hypervisor_clusters', NEW.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
END;
CREATE TRIGGER hypervisor_clusters_feed_out AFTER DELETE ON hypervisor_clusters BEGIN
  INSERT INTO feed_changes (relation, guid, change) SELECT 'hypervisor_clusters', OLD.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
END;
CREATE TRIGGER hypervisor_clusters_feed_over AFTER UPDATE ON hypervisor_clusters BEGIN
  INSERT INTO feed_changes (relation, guid, change) SELECT 'hypervisor_clusters', NEW.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
END;
ALTER TABLE hypervisors ADD COLUMN appliance_guid TEXT;
CREATE INDEX hypervisors_by_appliance ON hypervisors (appliance_guid) WHERE appliance_guid IS NOT NULL;
CREATE TRIGGER hypervisors_feed_in AFTER INSERT ON hypervisors BEGIN
  INSERT INTO feed_changes (relation, guid, change) SELECT 'hypervisors', NEW.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
END;
CREATE TRIGGER hypervisors_feed_out AFTER DELETE ON hypervisors BEGIN
  INSERT INTO feed_changes (relation, guid, change) SELECT 'hypervisors', OLD.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
END;
CREATE TRIGGER hypervisors_feed_over AFTER UPDATE ON hypervisors BEGIN
  INSERT INTO feed_changes (relation, guid, change) SELECT 'hypervisors', NEW.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
END;
ALTER TABLE hypervisor_storages ADD COLUMN appliance_guid TEXT;
CREATE INDEX hypervisor_storages_by_appliance ON hypervisor_storages (appliance_guid) WHERE appliance_guid IS NOT NULL;
CREATE TRIGGER hypervisor_storages_feed_in AFTER INSERT ON hypervisor_storages BEGIN
  INSERT INTO feed_changes (relation, guid, change) SELECT 'hypervisor_storages', NEW.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
END;
CREATE TRIGGER hypervisor_storages_feed_out AFTER DELETE ON hypervisor_storages BEGIN
  INSERT INTO feed_changes (relation, guid, change) SELECT 'hypervisor_storages', OLD.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
END;
CREATE TRIGGER hypervisor_storages_feed_over AFTER UPDATE ON hypervisor_storages BEGIN
  INSERT INTO feed_changes (relation, guid, change) SELECT 'hypervisor_storages', NEW.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
END;
ALTER TABLE networks ADD COLUMN appliance_guid TEXT;
CREATE INDEX networks_by_appliance ON networks (appliance_guid) WHERE appliance_guid IS NOT NULL;
CREATE TRIGGER networks_feed_in AFTER INSERT ON networks BEGIN
  INSERT INTO feed_changes (relation, guid, change) SELECT 'networks', NEW.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
END;
CREATE TRIGGER networks_feed_out AFTER DELETE ON networks BEGIN
  INSERT INTO feed_changes (relation, guid, change) SELECT 'networks', OLD.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
END;
CREATE TRIGGER networks_feed_over AFTER UPDATE ON networks BEGIN
  INSERT INTO feed_changes (relation, guid, change) SELECT 'networks', NEW.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
END;
ALTER TABLE flavors ADD COLUMN appliance_guid TEXT;
CREATE INDEX flavors_by_appliance ON flavors (appliance_guid) WHERE appliance_guid IS NOT NULL;
CREATE TRIGGER flavors_feed_in AFTER INSERT ON flavors BEGIN
  INSERT INTO feed_changes (relation, guid, change) SELECT 'flavors', NEW.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
END;
CREATE TRIGGER flavors_feed_out AFTER DELETE ON flavors BEGIN
  INSERT INTO feed_changes (relation, guid, change) SELECT 'flavors', OLD.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
END;
CREATE TRIGGER flavors_feed_over AFTER UPDATE ON flavors BEGIN
  INSERT INTO feed_changes (relation, guid, change) SELECT 'flavors', NEW.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
END;
ALTER TABLE destinations ADD COLUMN appliance_guid TEXT;
CREATE INDEX destinations_by_appliance ON destinations (appliance_guid) WHERE appliance_guid IS NOT NULL;
CREATE TRIGGER destinations_feed_in AFTER INSERT ON destinations BEGIN
  INSERT INTO feed_changes (relation, guid, change) SELECT 'destinations', NEW.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
END;
CREATE TRIGGER destinations_feed_out AFTER DELETE ON destinations BEGIN
  INSERT INTO feed_changes (relation, guid, change) SELECT 'destinations', OLD.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
END;
CREATE TRIGGER destinations_feed_over AFTER UPDATE ON destinations BEGIN
  INSERT INTO feed_changes (relation, guid, change) SELECT 'destinations', NEW.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
END;
ALTER TABLE schedules ADD COLUMN appliance_guid TEXT;
CREATE INDEX schedules_by_appliance ON schedules (appliance_guid) WHERE appliance_guid IS NOT NULL;
CREATE TRIGGER schedules_feed_in AFTER INSERT ON schedules BEGIN
  INSERT INTO feed_changes (relation, guid, change) SELECT 'schedules', NEW.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
END;
CREATE TRIGGER schedules_feed_out AFTER DELETE ON schedules BEGIN
  INSERT INTO feed_changes (relation, guid, change) SELECT 'schedules', OLD.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
END;
CREATE TRIGGER schedules_feed_over AFTER UPDATE ON schedules BEGIN
  INSERT INTO feed_changes (relation, guid, change) SELECT 'schedules', NEW.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
END;
ALTER TABLE policies ADD COLUMN appliance_guid TEXT;
CREATE INDEX policies_by_appliance ON policies (appliance_guid) WHERE appliance_guid IS NOT NULL;
CREATE TRIGGER policies_feed_in AFTER INSERT ON policies BEGIN
  INSERT INTO feed_changes (relation, guid, change) SELECT 'policies', NEW.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
END;
CREATE TRIGGER policies_feed_out AFTER DELETE ON policies BEGIN
  INSERT INTO feed_changes (relation, guid, change) SELECT 'policies', OLD.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
END;
CREATE TRIGGER policies_feed_over AFTER UPDATE ON policies BEGIN
  INSERT INTO feed_changes (relation, guid, change) SELECT 'policies', NEW.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
END;
ALTER TABLE rules ADD COLUMN appliance_guid TEXT;
CREATE INDEX rules_by_appliance ON rules (appliance_guid) WHERE appliance_guid IS NOT NULL;
CREATE TRIGGER rules_feed_in AFTER INSERT ON rules BEGIN
  INSERT INTO feed_changes (relation, guid, change) SELECT 'rules', NEW.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
END;
CREATE TRIGGER rules_feed_out AFTER DELETE ON rules BEGIN
  INSERT INTO feed_changes (relation, guid, change) SELECT 'rules', OLD.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
END;
CREATE TRIGGER rules_feed_over AFTER UPDATE ON rules BEGIN
  INSERT INTO feed_changes (relation, guid, change) SELECT 'rules', NEW.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
END;
ALTER TABLE rule_destinations ADD COLUMN appliance_guid TEXT;
CREATE INDEX rule_destinations_by_appliance ON rule_destinations (appliance_guid) WHERE appliance_guid IS NOT NULL;
CREATE TRIGGER rule_destinations_feed_in AFTER INSERT ON rule_destinations BEGIN
  INSERT INTO feed_changes (relation, guid, change) SELECT 'rule_destinations', NEW.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
END;
CREATE TRIGGER rule_destinations_feed_out AFTER DELETE ON rule_destinations BEGIN
  INSERT INTO feed_changes (relation, guid, change) SELECT 'rule_destinations', OLD.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
END;
CREATE TRIGGER rule_destinations_feed_over AFTER UPDATE ON rule_destinations BEGIN
  INSERT INTO feed_changes (relation, guid, change) SELECT 'rule_destinations', NEW.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
END;
ALTER TABLE machines ADD COLUMN appliance_guid TEXT;
CREATE INDEX machines_by_appliance ON machines (appliance_guid) WHERE appliance_guid IS NOT NULL;
CREATE TRIGGER machines_feed_in AFTER INSERT ON machines BEGIN
  INSERT INTO feed_changes (relation, guid, change) SELECT 'machines', NEW.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
END;
CREATE TRIGGER machines_feed_out AFTER DELETE ON machines BEGIN
  INSERT INTO feed_changes (relation, guid, change) SELECT 'machines', OLD.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
END;
CREATE TRIGGER machines_feed_over AFTER UPDATE ON machines BEGIN
  INSERT INTO feed_changes (relation, guid, change) SELECT 'machines', NEW.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
END;
ALTER TABLE machine_disks ADD COLUMN appliance_guid TEXT;
CREATE INDEX machine_disks_by_appliance ON machine_disks (appliance_guid) WHERE appliance_guid IS NOT NULL;
CREATE TRIGGER machine_disks_feed_in AFTER INSERT ON machine_disks BEGIN
  INSERT INTO feed_changes (relation, guid, change) SELECT 'machine_disks', NEW.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
END;
CREATE TRIGGER machine_disks_feed_out AFTER DELETE ON machine_disks BEGIN
  INSERT INTO feed_changes (relation, guid, change) SELECT 'machine_disks', OLD.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
END;
CREATE TRIGGER machine_disks_feed_over AFTER UPDATE ON machine_disks BEGIN
  INSERT INTO feed_changes (relation, guid, change) SELECT 'machine_disks', NEW.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
END;
ALTER TABLE restore_points ADD COLUMN appliance_guid TEXT;
CREATE INDEX restore_points_by_appliance ON restore_points (appliance_guid) WHERE appliance_guid IS NOT NULL;
CREATE TRIGGER restore_points_feed_in AFTER INSERT ON restore_points BEGIN
  INSERT INTO feed_changes (relation, guid, change) SELECT 'restore_points', NEW.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
END;
CREATE TRIGGER restore_points_feed_out AFTER DELETE ON restore_points BEGIN
  INSERT INTO feed_changes (relation, guid, change) SELECT 'restore_points', OLD.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
END;
CREATE TRIGGER restore_points_feed_over AFTER UPDATE ON restore_points BEGIN
  INSERT INTO feed_changes (relation, guid, change) SELECT 'restore_points', NEW.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
END;
ALTER TABLE restore_point_disks ADD COLUMN appliance_guid TEXT;
CREATE INDEX restore_point_disks_by_appliance ON restore_point_disks (appliance_guid) WHERE appliance_guid IS NOT NULL;
CREATE TRIGGER restore_point_disks_feed_in AFTER INSERT ON restore_point_disks BEGIN
  INSERT INTO feed_changes (relation, guid, change) SELECT 'restore_point_disks', NEW.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
END;
CREATE TRIGGER restore_point_disks_feed_out AFTER DELETE ON restore_point_disks BEGIN
  INSERT INTO feed_changes (relation, guid, change) SELECT 'restore_point_disks', OLD.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
END;
CREATE TRIGGER restore_point_disks_feed_over AFTER UPDATE ON restore_point_disks BEGIN
  INSERT INTO feed_changes (relation, guid, change) SELECT 'restore_point_disks', NEW.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
END;
ALTER TABLE snapshots ADD COLUMN appliance_guid TEXT;
CREATE INDEX snapshots_by_appliance ON snapshots (appliance_guid) WHERE appliance_guid IS NOT NULL;
CREATE TRIGGER snapshots_feed_in AFTER INSERT ON snapshots BEGIN
  INSERT INTO feed_changes (relation, guid, change) SELECT 'snapshots', NEW.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
END;
CREATE TRIGGER snapshots_feed_out AFTER DELETE ON snapshots BEGIN
  INSERT INTO feed_changes (relation, guid, change) SELECT 'snapshots', OLD.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
END;
CREATE TRIGGER snapshots_feed_over AFTER UPDATE ON snapshots BEGIN
  INSERT INTO feed_changes (relation, guid, change) SELECT 'snapshots', NEW.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
END;
ALTER TABLE recovery_plans ADD COLUMN appliance_guid TEXT;
CREATE INDEX recovery_plans_by_appliance ON recovery_plans (appliance_guid) WHERE appliance_guid IS NOT NULL;
CREATE TRIGGER recovery_plans_feed_in AFTER INSERT ON recovery_plans BEGIN
  INSERT INTO feed_changes (relation, guid, change) SELECT 'recovery_plans', NEW.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
END;
CREATE TRIGGER recovery_plans_feed_out AFTER DELETE ON recovery_plans BEGIN
  INSERT INTO feed_changes (relation, guid, change) SELECT 'recovery_plans', OLD.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
END;
CREATE TRIGGER recovery_plans_feed_over AFTER UPDATE ON recovery_plans BEGIN
  INSERT INTO feed_changes (relation, guid, change) SELECT 'recovery_plans', NEW.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
END;
ALTER TABLE workflows ADD COLUMN appliance_guid TEXT;
CREATE INDEX workflows_by_appliance ON workflows (appliance_guid) WHERE appliance_guid IS NOT NULL;
CREATE TRIGGER workflows_feed_in AFTER INSERT ON workflows BEGIN
  INSERT INTO feed_changes (relation, guid, change) SELECT 'workflows', NEW.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
END;
CREATE TRIGGER workflows_feed_out AFTER DELETE ON workflows BEGIN
  INSERT INTO feed_changes (relation, guid, change) SELECT 'workflows', OLD.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
END;
CREATE TRIGGER workflows_feed_over AFTER UPDATE ON workflows BEGIN
  INSERT INTO feed_changes (relation, guid, change) SELECT 'workflows', NEW.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
END;
ALTER TABLE tasks ADD COLUMN appliance_guid TEXT;
CREATE INDEX tasks_by_appliance ON tasks (appliance_guid) WHERE appliance_guid IS NOT NULL;
CREATE TRIGGER tasks_feed_in AFTER INSERT ON tasks BEGIN
  INSERT INTO feed_changes (relation, guid, change) SELECT 'tasks', NEW.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
END;
CREATE TRIGGER tasks_feed_out AFTER DELETE ON tasks BEGIN
  INSERT INTO feed_changes (relation, guid, change) SELECT 'tasks', OLD.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
END;
CREATE TRIGGER tasks_feed_over AFTER UPDATE ON tasks BEGIN
  INSERT INTO feed_changes (relation, guid, change) SELECT 'tasks', NEW.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
END;
ALTER TABLE mounts ADD COLUMN appliance_guid TEXT;
CREATE INDEX mounts_by_appliance ON mounts (appliance_guid) WHERE appliance_guid IS NOT NULL;
CREATE TRIGGER mounts_feed_in AFTER INSERT ON mounts BEGIN
  INSERT INTO feed_changes (relation, guid, change) SELECT 'mounts', NEW.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
END;
CREATE TRIGGER mounts_feed_out AFTER DELETE ON mounts BEGIN
  INSERT INTO feed_changes (relation, guid, change) SELECT 'mounts', OLD.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
END;
CREATE TRIGGER mounts_feed_over AFTER UPDATE ON mounts BEGIN
  INSERT INTO feed_changes (relation, guid, change) SELECT 'mounts', NEW.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
END;
ALTER TABLE mounted_file_systems ADD COLUMN appliance_guid TEXT;
CREATE INDEX mounted_file_systems_by_appliance ON mounted_file_systems (appliance_guid) WHERE appliance_guid IS NOT NULL;
CREATE TRIGGER mounted_file_systems_feed_in AFTER INSERT ON mounted_file_systems BEGIN
  INSERT INTO feed_changes (relation, guid, change) SELECT 'mounted_file_systems', NEW.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
END;
CREATE TRIGGER mounted_file_systems_feed_out AFTER DELETE ON mounted_file_systems BEGIN
  INSERT INTO feed_changes (relation, guid, change) SELECT 'mounted_file_systems', OLD.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
END;
CREATE TRIGGER mounted_file_systems_feed_over AFTER UPDATE ON mounted_file_systems BEGIN
  INSERT INTO feed_changes (relation, guid, change) SELECT 'mounted_file_systems', NEW.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
END;

CREATE TRIGGER policy_matches_feed_in AFTER INSERT ON policy_matches BEGIN
  INSERT INTO feed_changes (relation, guid, change) SELECT 'policies', NEW.policy_guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
END;
CREATE TRIGGER policy_matches_feed_out AFTER DELETE ON policy_matches BEGIN
  INSERT INTO feed_changes (relation, guid, change) SELECT 'policies', OLD.policy_guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
END;
CREATE TRIGGER policy_matches_feed_over AFTER UPDATE ON policy_matches BEGIN
  INSERT INTO feed_changes (relation, guid, change) SELECT 'policies', NEW.policy_guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
END;
CREATE TRIGGER policy_clusters_feed_in AFTER INSERT ON policy_clusters BEGIN
  INSERT INTO feed_changes (relation, guid, change) SELECT 'policies', NEW.policy_guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
END;
CREATE TRIGGER policy_clusters_feed_out AFTER DELETE ON policy_clusters BEGIN
  INSERT INTO feed_changes (relation, guid, change) SELECT 'policies', OLD.policy_guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
END;
CREATE TRIGGER policy_clusters_feed_over AFTER UPDATE ON policy_clusters BEGIN
  INSERT INTO feed_changes (relation, guid, change) SELECT 'policies', NEW.policy_guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
END;
CREATE TRIGGER rule_schedules_feed_in AFTER INSERT ON rule_schedules BEGIN
  INSERT INTO feed_changes (relation, guid, change) SELECT 'rules', NEW.rule_guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
END;
CREATE TRIGGER rule_schedules_feed_out AFTER DELETE ON rule_schedules BEGIN
  INSERT INTO feed_changes (relation, guid, change) SELECT 'rules', OLD.rule_guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
END;
CREATE TRIGGER rule_schedules_feed_over AFTER UPDATE ON rule_schedules BEGIN
  INSERT INTO feed_changes (relation, guid, change) SELECT 'rules', NEW.rule_guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
END;
CREATE TRIGGER machine_tags_feed_in AFTER INSERT ON machine_tags BEGIN
  INSERT INTO feed_changes (relation, guid, change) SELECT 'machines', NEW.machine_guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
END;
CREATE TRIGGER machine_tags_feed_out AFTER DELETE ON machine_tags BEGIN
  INSERT INTO feed_changes (relation, guid, change) SELECT 'machines', OLD.machine_guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
END;
CREATE TRIGGER machine_tags_feed_over AFTER UPDATE ON machine_tags BEGIN
  INSERT INTO feed_changes (relation, guid, change) SELECT 'machines', NEW.machine_guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
END;
CREATE TRIGGER policy_machines_feed_in AFTER INSERT ON policy_machines BEGIN
  INSERT INTO feed_changes (relation, guid, change) SELECT 'machines', NEW.machine_guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
END;
CREATE TRIGGER policy_machines_feed_out AFTER DELETE ON policy_machines BEGIN
  INSERT INTO feed_changes (relation, guid, change) SELECT 'machines', OLD.machine_guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
END;
CREATE TRIGGER policy_machines_feed_over AFTER UPDATE ON policy_machines BEGIN
  INSERT INTO feed_changes (relation, guid, change) SELECT 'machines', NEW.machine_guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
END;
