-- Appliances that joined this one: each is a node that has a catalog of its own, of which this one shows a mirror.
CREATE TABLE appliances (
  guid TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES nodes (guid) ON DELETE CASCADE,
  feed TEXT COLLATE "C",
  batch BIGINT NOT NULL,
  skipped BIGINT NOT NULL,
  synced_at BIGINT,
  version BIGINT NOT NULL
);

-- And the other way round: what the server that this appliance joined has not been told yet. There is a feed while there is a row in feeds.
CREATE TABLE feeds (
  feed TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  batch BIGINT NOT NULL
);
CREATE TABLE feed_changes (
  relation TEXT COLLATE "C" NOT NULL,
  guid TEXT COLLATE "C" NOT NULL,
  change BIGINT NOT NULL,
  PRIMARY KEY (relation, guid)
);

ALTER TABLE hypervisor_managers ADD COLUMN appliance_guid TEXT COLLATE "C";
CREATE INDEX hypervisor_managers_by_appliance ON hypervisor_managers (appliance_guid) WHERE appliance_guid IS NOT NULL;
CREATE FUNCTION hypervisor_managers_feed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    INSERT INTO feed_changes (relation, guid, change) SELECT 'hypervisor_managers', OLD.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
  ELSE
    INSERT INTO feed_changes (relation, guid, change) SELECT 'hypervisor_managers', NEW.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER hypervisor_managers_feed AFTER INSERT OR UPDATE OR DELETE ON hypervisor_managers FOR EACH ROW EXECUTE FUNCTION hypervisor_managers_feed();
ALTER TABLE hypervisor_clusters ADD COLUMN appliance_guid TEXT COLLATE "C";
CREATE INDEX hypervisor_clusters_by_appliance ON hypervisor_clusters (appliance_guid) WHERE appliance_guid IS NOT NULL;
CREATE FUNCTION hypervisor_clusters_feed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    INSERT INTO feed_changes (relation, guid, change) SELECT 'hypervisor_clusters', OLD.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
  ELSE
    INSERT INTO feed_changes (relation, guid, change) SELECT 'hypervisor_clusters', NEW.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER hypervisor_clusters_feed AFTER INSERT OR UPDATE OR DELETE ON hypervisor_clusters FOR EACH ROW EXECUTE FUNCTION hypervisor_clusters_feed();
ALTER TABLE hypervisors ADD COLUMN appliance_guid TEXT COLLATE "C";
CREATE INDEX hypervisors_by_appliance ON hypervisors (appliance_guid) WHERE appliance_guid IS NOT NULL;
CREATE FUNCTION hypervisors_feed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    INSERT INTO feed_changes (relation, guid, change) SELECT 'hypervisors', OLD.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
  ELSE
    INSERT INTO feed_changes (relation, guid, change) SELECT 'hypervisors', NEW.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER hypervisors_feed AFTER INSERT OR UPDATE OR DELETE ON hypervisors FOR EACH ROW EXECUTE FUNCTION hypervisors_feed();
ALTER TABLE hypervisor_storages ADD COLUMN appliance_guid TEXT COLLATE "C";
CREATE INDEX hypervisor_storages_by_appliance ON hypervisor_storages (appliance_guid) WHERE appliance_guid IS NOT NULL;
CREATE FUNCTION hypervisor_storages_feed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    INSERT INTO feed_changes (relation, guid, change) SELECT 'hypervisor_storages', OLD.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
  ELSE
    INSERT INTO feed_changes (relation, guid, change) SELECT 'hypervisor_storages', NEW.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER hypervisor_storages_feed AFTER INSERT OR UPDATE OR DELETE ON hypervisor_storages FOR EACH ROW EXECUTE FUNCTION hypervisor_storages_feed();
ALTER TABLE networks ADD COLUMN appliance_guid TEXT COLLATE "C";
CREATE INDEX networks_by_appliance ON networks (appliance_guid) WHERE appliance_guid IS NOT NULL;
CREATE FUNCTION networks_feed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    INSERT INTO feed_changes (relation, guid, change) SELECT 'networks', OLD.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
  ELSE
    INSERT INTO feed_changes (relation, guid, change) SELECT 'networks', NEW.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER networks_feed AFTER INSERT OR UPDATE OR DELETE ON networks FOR EACH ROW EXECUTE FUNCTION networks_feed();
ALTER TABLE flavors ADD COLUMN appliance_guid TEXT COLLATE "C";
CREATE INDEX flavors_by_appliance ON flavors (appliance_guid) WHERE appliance_guid IS NOT NULL;
CREATE FUNCTION flavors_feed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    INSERT INTO feed_changes (relation, guid, change) SELECT 'flavors', OLD.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
  ELSE
    INSERT INTO feed_changes (relation, guid, change) SELECT 'flavors', NEW.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER flavors_feed AFTER INSERT OR UPDATE OR DELETE ON flavors FOR EACH ROW EXECUTE FUNCTION flavors_feed();
ALTER TABLE destinations ADD COLUMN appliance_guid TEXT COLLATE "C";
CREATE INDEX destinations_by_appliance ON destinations (appliance_guid) WHERE appliance_guid IS NOT NULL;
CREATE FUNCTION destinations_feed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    INSERT INTO feed_changes (relation, guid, change) SELECT 'destinations', OLD.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
  ELSE
    INSERT INTO feed_changes (relation, guid, change) SELECT 'destinations', NEW.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER destinations_feed AFTER INSERT OR UPDATE OR DELETE ON destinations FOR EACH ROW EXECUTE FUNCTION destinations_feed();
ALTER TABLE schedules ADD COLUMN appliance_guid TEXT COLLATE "C";
CREATE INDEX schedules_by_appliance ON schedules (appliance_guid) WHERE appliance_guid IS NOT NULL;
CREATE FUNCTION schedules_feed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    INSERT INTO feed_changes (relation, guid, change) SELECT 'schedules', OLD.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
  ELSE
    INSERT INTO feed_changes (relation, guid, change) SELECT 'schedules', NEW.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER schedules_feed AFTER INSERT OR UPDATE OR DELETE ON schedules FOR EACH ROW EXECUTE FUNCTION schedules_feed();
ALTER TABLE policies ADD COLUMN appliance_guid TEXT COLLATE "C";
CREATE INDEX policies_by_appliance ON policies (appliance_guid) WHERE appliance_guid IS NOT NULL;
CREATE FUNCTION policies_feed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    INSERT INTO feed_changes (relation, guid, change) SELECT 'policies', OLD.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
  ELSE
    INSERT INTO feed_changes (relation, guid, change) SELECT 'policies', NEW.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER policies_feed AFTER INSERT OR UPDATE OR DELETE ON policies FOR EACH ROW EXECUTE FUNCTION policies_feed();
ALTER TABLE rules ADD COLUMN appliance_guid TEXT COLLATE "C";
CREATE INDEX rules_by_appliance ON rules (appliance_guid) WHERE appliance_guid IS NOT NULL;
CREATE FUNCTION rules_feed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    INSERT INTO feed_changes (relation, guid, change) SELECT 'rules', OLD.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
  ELSE
    INSERT INTO feed_changes (relation, guid, change) SELECT 'rules', NEW.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER rules_feed AFTER INSERT OR UPDATE OR DELETE ON rules FOR EACH ROW EXECUTE FUNCTION rules_feed();
ALTER TABLE rule_destinations ADD COLUMN appliance_guid TEXT COLLATE "C";
CREATE INDEX rule_destinations_by_appliance ON rule_destinations (appliance_guid) WHERE appliance_guid IS NOT NULL;
CREATE FUNCTION rule_destinations_feed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    INSERT INTO feed_changes (relation, guid, change) SELECT 'rule_destinations', OLD.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
  ELSE
    INSERT INTO feed_changes (relation, guid, change) SELECT 'rule_destinations', NEW.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER rule_destinations_feed AFTER INSERT OR UPDATE OR DELETE ON rule_destinations FOR EACH ROW EXECUTE FUNCTION rule_destinations_feed();
ALTER TABLE machines ADD COLUMN appliance_guid TEXT COLLATE "C";
CREATE INDEX machines_by_appliance ON machines (appliance_guid) WHERE appliance_guid IS NOT NULL;
CREATE FUNCTION machines_feed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    INSERT INTO feed_changes (relation, guid, change) SELECT 'machines', OLD.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
  ELSE
    INSERT INTO feed_changes (relation, guid, change) SELECT 'machines', NEW.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER machines_feed AFTER INSERT OR UPDATE OR DELETE ON machines FOR EACH ROW EXECUTE FUNCTION machines_feed();
ALTER TABLE machine_disks ADD COLUMN appliance_guid TEXT COLLATE "C";
CREATE INDEX machine_disks_by_appliance ON machine_disks (appliance_guid) WHERE appliance_guid IS NOT NULL;
CREATE FUNCTION machine_disks_feed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    INSERT INTO feed_changes (relation, guid, change) SELECT 'machine_disks', OLD.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
  ELSE
    INSERT INTO feed_changes (relation, guid, change) SELECT 'machine_disks', NEW.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER machine_disks_feed AFTER INSERT OR UPDATE OR DELETE ON machine_disks FOR EACH ROW EXECUTE FUNCTION machine_disks_feed();
ALTER TABLE restore_points ADD COLUMN appliance_guid TEXT COLLATE "C";
CREATE INDEX restore_points_by_appliance ON restore_points (appliance_guid) WHERE appliance_guid IS NOT NULL;
CREATE FUNCTION restore_points_feed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    INSERT INTO feed_changes (relation, guid, change) SELECT 'restore_points', OLD.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
  ELSE
    INSERT INTO feed_changes (relation, guid, change) SELECT 'restore_points', NEW.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER restore_points_feed AFTER INSERT OR UPDATE OR DELETE ON restore_points FOR EACH ROW EXECUTE FUNCTION restore_points_feed();
ALTER TABLE restore_point_disks ADD COLUMN appliance_guid TEXT COLLATE "C";
CREATE INDEX restore_point_disks_by_appliance ON restore_point_disks (appliance_guid) WHERE appliance_guid IS NOT NULL;
CREATE FUNCTION restore_point_disks_feed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    INSERT INTO feed_changes (relation, guid, change) SELECT 'restore_point_disks', OLD.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
  ELSE
    INSERT INTO feed_changes (relation, guid, change) SELECT 'restore_point_disks', NEW.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER restore_point_disks_feed AFTER INSERT OR UPDATE OR DELETE ON restore_point_disks FOR EACH ROW EXECUTE FUNCTION restore_point_disks_feed();
ALTER TABLE snapshots ADD COLUMN appliance_guid TEXT COLLATE "C";
CREATE INDEX snapshots_by_appliance ON snapshots (appliance_guid) WHERE appliance_guid IS NOT NULL;
CREATE FUNCTION snapshots_feed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    INSERT INTO feed_changes (relation, guid, change) SELECT 'snapshots', OLD.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
  ELSE
    INSERT INTO feed_changes (relation, guid, change) SELECT 'snapshots', NEW.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER snapshots_feed AFTER INSERT OR UPDATE OR DELETE ON snapshots FOR EACH ROW EXECUTE FUNCTION snapshots_feed();
ALTER TABLE recovery_plans ADD COLUMN appliance_guid TEXT COLLATE "C";
CREATE INDEX recovery_plans_by_appliance ON recovery_plans (appliance_guid) WHERE appliance_guid IS NOT NULL;
CREATE FUNCTION recovery_plans_feed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    INSERT INTO feed_changes (relation, guid, change) SELECT 'recovery_plans', OLD.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
  ELSE
    INSERT INTO feed_changes (relation, guid, change) SELECT 'recovery_plans', NEW.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER recovery_plans_feed AFTER INSERT OR UPDATE OR DELETE ON recovery_plans FOR EACH ROW EXECUTE FUNCTION recovery_plans_feed();
ALTER TABLE workflows ADD COLUMN appliance_guid TEXT COLLATE "C";
CREATE INDEX workflows_by_appliance ON workflows (appliance_guid) WHERE appliance_guid IS NOT NULL;
CREATE FUNCTION workflows_feed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    INSERT INTO feed_changes (relation, guid, change) SELECT 'workflows', OLD.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
  ELSE
    INSERT INTO feed_changes (relation, guid, change) SELECT 'workflows', NEW.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER workflows_feed AFTER INSERT OR UPDATE OR DELETE ON workflows FOR EACH ROW EXECUTE FUNCTION workflows_feed();
ALTER TABLE tasks ADD COLUMN appliance_guid TEXT COLLATE "C";
CREATE INDEX tasks_by_appliance ON tasks (appliance_guid) WHERE appliance_guid IS NOT NULL;
CREATE FUNCTION tasks_feed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    INSERT INTO feed_changes (relation, guid, change) SELECT 'tasks', OLD.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
  ELSE
    INSERT INTO feed_changes (relation, guid, change) SELECT 'tasks', NEW.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER tasks_feed AFTER INSERT OR UPDATE OR DELETE ON tasks FOR EACH ROW EXECUTE FUNCTION tasks_feed();
ALTER TABLE mounts ADD COLUMN appliance_guid TEXT COLLATE "C";
CREATE INDEX mounts_by_appliance ON mounts (appliance_guid) WHERE appliance_guid IS NOT NULL;
CREATE FUNCTION mounts_feed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    INSERT INTO feed_changes (relation, guid, change) SELECT 'mounts', OLD.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
  ELSE
    INSERT INTO feed_changes (relation, guid, change) SELECT 'mounts', NEW.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER mounts_feed AFTER INSERT OR UPDATE OR DELETE ON mounts FOR EACH ROW EXECUTE FUNCTION mounts_feed();
ALTER TABLE mounted_file_systems ADD COLUMN appliance_guid TEXT COLLATE "C";
CREATE INDEX mounted_file_systems_by_appliance ON mounted_file_systems (appliance_guid) WHERE appliance_guid IS NOT NULL;
CREATE FUNCTION mounted_file_systems_feed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    INSERT INTO feed_changes (relation, guid, change) SELECT 'mounted_file_systems', OLD.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
  ELSE
    INSERT INTO feed_changes (relation, guid, change) SELECT 'mounted_file_systems', NEW.guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER mounted_file_systems_feed AFTER INSERT OR UPDATE OR DELETE ON mounted_file_systems FOR EACH ROW EXECUTE FUNCTION mounted_file_systems_feed();

CREATE FUNCTION policy_matches_feed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    INSERT INTO feed_changes (relation, guid, change) SELECT 'policies', OLD.policy_guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
  ELSE
    INSERT INTO feed_changes (relation, guid, change) SELECT 'policies', NEW.policy_guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER policy_matches_feed AFTER INSERT OR UPDATE OR DELETE ON policy_matches FOR EACH ROW EXECUTE FUNCTION policy_matches_feed();
CREATE FUNCTION policy_clusters_feed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    INSERT INTO feed_changes (relation, guid, change) SELECT 'policies', OLD.policy_guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
  ELSE
    INSERT INTO feed_changes (relation, guid, change) SELECT 'policies', NEW.policy_guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER policy_clusters_feed AFTER INSERT OR UPDATE OR DELETE ON policy_clusters FOR EACH ROW EXECUTE FUNCTION policy_clusters_feed();
CREATE FUNCTION rule_schedules_feed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    INSERT INTO feed_changes (relation, guid, change) SELECT 'rules', OLD.rule_guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
  ELSE
    INSERT INTO feed_changes (relation, guid, change) SELECT 'rules', NEW.rule_guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER rule_schedules_feed AFTER INSERT OR UPDATE OR DELETE ON rule_schedules FOR EACH ROW EXECUTE FUNCTION rule_schedules_feed();
CREATE FUNCTION machine_tags_feed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    INSERT INTO feed_changes (relation, guid, change) SELECT 'machines', OLD.machine_guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
  ELSE
    INSERT INTO feed_changes (relation, guid, change) SELECT 'machines', NEW.machine_guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER machine_tags_feed AFTER INSERT OR UPDATE OR DELETE ON machine_tags FOR EACH ROW EXECUTE FUNCTION machine_tags_feed();
CREATE FUNCTION policy_machines_feed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    INSERT INTO feed_changes (relation, guid, change) SELECT 'machines', OLD.machine_guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
  ELSE
    INSERT INTO feed_changes (relation, guid, change) SELECT 'machines', NEW.machine_guid, 1 WHERE EXISTS (SELECT 1 FROM feeds) ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER policy_machines_feed AFTER INSERT OR UPDATE OR DELETE ON policy_machines FOR EACH ROW EXECUTE FUNCTION policy_machines_feed();
