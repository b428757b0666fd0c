-- Appliances that joined this one: each is a node that has a catalog of its own, of which this one shows a mirror.
CREATE TABLE appliances (
  guid {text} NOT NULL PRIMARY KEY REFERENCES nodes (guid) ON DELETE CASCADE,
  feed {text},
  batch BIGINT NOT NULL,
  skipped BIGINT NOT NULL,
  synced_at BIGINT,
  version BIGINT NOT NULL
);

-- And the other way round: what the server that this appliance joined has not been told yet. There is a feed while there is a row in feeds.
CREATE TABLE feeds (
  feed {text} NOT NULL PRIMARY KEY,
  batch BIGINT NOT NULL
);
CREATE TABLE feed_changes (
  relation {text} NOT NULL,
  guid {text} NOT NULL,
  change BIGINT NOT NULL,
  PRIMARY KEY (relation, guid)
){row};

-- mirrored hypervisor_managers
-- mirrored hypervisor_clusters
-- mirrored hypervisors
-- mirrored hypervisor_storages
-- mirrored networks
-- mirrored flavors
-- mirrored destinations
-- mirrored schedules
-- mirrored policies
-- mirrored rules
-- mirrored rule_destinations
-- mirrored machines
-- mirrored machine_disks
-- mirrored restore_points
-- mirrored restore_point_disks
-- mirrored snapshots
-- mirrored recovery_plans
-- mirrored workflows
-- mirrored tasks
-- mirrored mounts
-- mirrored mounted_file_systems

-- mirrored policy_matches with policies by policy_guid
-- mirrored policy_clusters with policies by policy_guid
-- mirrored rule_schedules with rules by rule_guid
-- mirrored machine_tags with machines by machine_guid
-- mirrored policy_machines with machines by machine_guid
