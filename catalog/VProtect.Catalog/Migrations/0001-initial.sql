-- The catalog, version 1. Units: times and durations in milliseconds (times since 1970 UTC), sizes in bytes, booleans 0 or 1.
-- {text} {blob} {row} {nulls} and the line of counts are the dialect's (Sql/Dialect.cs).
-- What every column means: catalog/SCHEMA.md. Never edited once released: a change is a new file.

CREATE TABLE settings (
  key {text} NOT NULL,
  value {text} NOT NULL,
  version BIGINT NOT NULL,
  PRIMARY KEY (key)
){row};

CREATE TABLE node_configs (
  guid {text} NOT NULL PRIMARY KEY,
  name {text} NOT NULL,
  name_key {text} NOT NULL,
  description {text},
  settings {text} NOT NULL,
  is_default SMALLINT NOT NULL CHECK (is_default IN (0, 1)),
  version BIGINT NOT NULL,
  UNIQUE (name_key)
);

CREATE TABLE nodes (
  guid {text} NOT NULL PRIMARY KEY,
  name {text} NOT NULL,
  name_key {text} NOT NULL,
  node_config_guid {text} REFERENCES node_configs (guid) ON DELETE RESTRICT,
  address {text},
  program_version {text},
  state {text} NOT NULL CHECK (state IN ('PENDING', 'ONLINE', 'OFFLINE', 'MAINTENANCE', 'REVOKED')),
  generation BIGINT NOT NULL,
  last_seen_at BIGINT,
  enrolled_at BIGINT NOT NULL,
  certificate_thumbprint {text},
  capabilities {text} NOT NULL,
  max_tasks INTEGER NOT NULL,
  staging_total_bytes BIGINT NOT NULL,
  staging_used_bytes BIGINT NOT NULL,
  version BIGINT NOT NULL,
  UNIQUE (name_key)
);
CREATE INDEX nodes_by_node_config ON nodes (node_config_guid);

CREATE TABLE credentials (
  guid {text} NOT NULL PRIMARY KEY,
  name {text} NOT NULL,
  name_key {text} NOT NULL,
  kind {text} NOT NULL CHECK (kind IN ('PASSWORD', 'SSH_KEY', 'TOKEN', 'CERTIFICATE')),
  login {text},
  sealed {blob} NOT NULL,
  description {text},
  created_at BIGINT NOT NULL,
  changed_at BIGINT NOT NULL,
  version BIGINT NOT NULL,
  UNIQUE (name_key)
);

CREATE TABLE hypervisor_managers (
  guid {text} NOT NULL PRIMARY KEY,
  name {text} NOT NULL,
  name_key {text} NOT NULL,
  platform {text} NOT NULL,
  url {text} NOT NULL,
  credential_guid {text} REFERENCES credentials (guid) ON DELETE RESTRICT,
  node_config_guid {text} REFERENCES node_configs (guid) ON DELETE RESTRICT,
  settings {text} NOT NULL,
  state {text} NOT NULL CHECK (state IN ('UNKNOWN', 'ONLINE', 'OFFLINE', 'FAILED')),
  state_info {text},
  last_seen_at BIGINT,
  synced_at BIGINT,
  version BIGINT NOT NULL,
  UNIQUE (name_key)
);
CREATE INDEX hypervisor_managers_by_credential ON hypervisor_managers (credential_guid);
CREATE INDEX hypervisor_managers_by_node_config ON hypervisor_managers (node_config_guid);

CREATE TABLE hypervisor_clusters (
  guid {text} NOT NULL PRIMARY KEY,
  name {text} NOT NULL,
  name_key {text} NOT NULL,
  uuid {text} NOT NULL,
  hypervisor_manager_guid {text} NOT NULL REFERENCES hypervisor_managers (guid) ON DELETE CASCADE,
  data_center {text},
  present SMALLINT NOT NULL CHECK (present IN (0, 1)),
  version BIGINT NOT NULL,
  UNIQUE (hypervisor_manager_guid, uuid)
);

CREATE TABLE hypervisors (
  guid {text} NOT NULL PRIMARY KEY,
  name {text} NOT NULL,
  name_key {text} NOT NULL,
  uuid {text},
  host {text} NOT NULL,
  platform {text} NOT NULL,
  hypervisor_manager_guid {text} REFERENCES hypervisor_managers (guid) ON DELETE CASCADE,
  cluster_guid {text} REFERENCES hypervisor_clusters (guid) ON DELETE SET NULL,
  data_center {text},
  credential_guid {text} REFERENCES credentials (guid) ON DELETE RESTRICT,
  ssh_key_path {text},
  node_config_guid {text} REFERENCES node_configs (guid) ON DELETE RESTRICT,
  transfer_address {text},
  export_mode {text},
  storage_type {text},
  settings {text} NOT NULL,
  state {text} NOT NULL CHECK (state IN ('UNKNOWN', 'ONLINE', 'OFFLINE', 'FAILED')),
  state_info {text},
  last_seen_at BIGINT,
  present SMALLINT NOT NULL CHECK (present IN (0, 1)),
  version BIGINT NOT NULL
);
CREATE INDEX hypervisors_by_hypervisor_manager ON hypervisors (hypervisor_manager_guid);
CREATE INDEX hypervisors_by_cluster ON hypervisors (cluster_guid);
CREATE INDEX hypervisors_by_credential ON hypervisors (credential_guid);
CREATE INDEX hypervisors_by_node_config ON hypervisors (node_config_guid);
CREATE INDEX hypervisors_by_name_key ON hypervisors (name_key, guid);

CREATE TABLE hypervisor_storages (
  guid {text} NOT NULL PRIMARY KEY,
  name {text} NOT NULL,
  name_key {text} NOT NULL,
  uuid {text} NOT NULL,
  hypervisor_manager_guid {text} REFERENCES hypervisor_managers (guid) ON DELETE CASCADE,
  hypervisor_guid {text} REFERENCES hypervisors (guid) ON DELETE CASCADE,
  type {text},
  capacity_bytes BIGINT,
  free_bytes BIGINT,
  present SMALLINT NOT NULL CHECK (present IN (0, 1)),
  version BIGINT NOT NULL
);
CREATE INDEX hypervisor_storages_by_hypervisor_manager ON hypervisor_storages (hypervisor_manager_guid);
CREATE INDEX hypervisor_storages_by_hypervisor ON hypervisor_storages (hypervisor_guid);

CREATE TABLE networks (
  guid {text} NOT NULL PRIMARY KEY,
  name {text} NOT NULL,
  name_key {text} NOT NULL,
  uuid {text} NOT NULL,
  hypervisor_manager_guid {text} REFERENCES hypervisor_managers (guid) ON DELETE CASCADE,
  hypervisor_guid {text} REFERENCES hypervisors (guid) ON DELETE CASCADE,
  shared SMALLINT NOT NULL CHECK (shared IN (0, 1)),
  vlan INTEGER,
  present SMALLINT NOT NULL CHECK (present IN (0, 1)),
  version BIGINT NOT NULL
);
CREATE INDEX networks_by_hypervisor_manager ON networks (hypervisor_manager_guid);
CREATE INDEX networks_by_hypervisor ON networks (hypervisor_guid);

CREATE TABLE flavors (
  guid {text} NOT NULL PRIMARY KEY,
  name {text} NOT NULL,
  name_key {text} NOT NULL,
  uuid {text} NOT NULL,
  hypervisor_manager_guid {text} NOT NULL REFERENCES hypervisor_managers (guid) ON DELETE CASCADE,
  cpu_count INTEGER NOT NULL,
  memory_bytes BIGINT NOT NULL,
  disk_bytes BIGINT NOT NULL,
  version BIGINT NOT NULL
);
CREATE INDEX flavors_by_hypervisor_manager ON flavors (hypervisor_manager_guid);

CREATE TABLE mailing_lists (
  guid {text} NOT NULL PRIMARY KEY,
  name {text} NOT NULL,
  name_key {text} NOT NULL,
  addresses {text} NOT NULL,
  version BIGINT NOT NULL,
  UNIQUE (name_key)
);

CREATE TABLE destinations (
  guid {text} NOT NULL PRIMARY KEY,
  name {text} NOT NULL,
  name_key {text} NOT NULL,
  type {text} NOT NULL,
  description {text},
  repository_id {text},
  settings {text} NOT NULL,
  credential_guid {text} REFERENCES credentials (guid) ON DELETE RESTRICT,
  sealed_key {blob},
  is_default SMALLINT NOT NULL CHECK (is_default IN (0, 1)),
  visible_for_all SMALLINT NOT NULL CHECK (visible_for_all IN (0, 1)),
  projects {text} NOT NULL,
  state {text} NOT NULL CHECK (state IN ('UNKNOWN', 'ONLINE', 'OFFLINE', 'FAILED')),
  state_info {text},
  checked_at BIGINT,
  used_bytes BIGINT NOT NULL,
  available_bytes BIGINT NOT NULL,
  logical_bytes BIGINT NOT NULL,
  reserve_bytes BIGINT NOT NULL,
  lock_days INTEGER NOT NULL,
  version BIGINT NOT NULL,
  UNIQUE (name_key)
);
CREATE INDEX destinations_by_credential ON destinations (credential_guid);

CREATE TABLE destination_node_configs (
  destination_guid {text} NOT NULL REFERENCES destinations (guid) ON DELETE CASCADE,
  node_config_guid {text} NOT NULL REFERENCES node_configs (guid) ON DELETE CASCADE,
  PRIMARY KEY (destination_guid, node_config_guid)
){row};
CREATE INDEX destination_node_configs_by_node_config ON destination_node_configs (node_config_guid);

CREATE TABLE policies (
  guid {text} NOT NULL PRIMARY KEY,
  name {text} NOT NULL,
  name_key {text} NOT NULL,
  kind {text} NOT NULL CHECK (kind IN ('VM_BACKUP', 'VM_SNAPSHOT')),
  active SMALLINT NOT NULL CHECK (active IN (0, 1)),
  priority INTEGER NOT NULL CHECK (priority BETWEEN 0 AND 100),
  description {text},
  auto_remove_non_present SMALLINT NOT NULL CHECK (auto_remove_non_present IN (0, 1)),
  auto_assign_mode {text} NOT NULL CHECK (auto_assign_mode IN ('DISABLED', 'ASSIGN_ONLY', 'ASSIGN_AND_REMOVE')),
  fail_export_threshold INTEGER,
  fail_store_threshold INTEGER,
  retry_count INTEGER NOT NULL,
  retry_delay BIGINT NOT NULL,
  daily_report SMALLINT NOT NULL CHECK (daily_report IN (0, 1)),
  mailing_list_guid {text} REFERENCES mailing_lists (guid) ON DELETE SET NULL,
  rpo BIGINT,
  tenant_id {text},
  settings {text} NOT NULL,
  version BIGINT NOT NULL,
  UNIQUE (kind, name_key)
);
CREATE INDEX policies_by_mailing_list ON policies (mailing_list_guid);

CREATE TABLE policy_matches (
  policy_guid {text} NOT NULL REFERENCES policies (guid) ON DELETE CASCADE,
  kind {text} NOT NULL CHECK (kind IN ('INCLUDE_TAG', 'EXCLUDE_TAG', 'INCLUDE_REG_EXP', 'EXCLUDE_REG_EXP')),
  value {text} NOT NULL,
  PRIMARY KEY (policy_guid, kind, value)
){row};

CREATE TABLE policy_clusters (
  policy_guid {text} NOT NULL REFERENCES policies (guid) ON DELETE CASCADE,
  cluster_guid {text} NOT NULL REFERENCES hypervisor_clusters (guid) ON DELETE CASCADE,
  PRIMARY KEY (policy_guid, cluster_guid)
){row};
CREATE INDEX policy_clusters_by_cluster ON policy_clusters (cluster_guid);

CREATE TABLE machines (
  guid {text} NOT NULL PRIMARY KEY,
  name {text} NOT NULL,
  name_key {text} NOT NULL,
  uuid {text} NOT NULL,
  platform {text} NOT NULL,
  hypervisor_guid {text} REFERENCES hypervisors (guid) ON DELETE SET NULL,
  hypervisor_manager_guid {text} REFERENCES hypervisor_managers (guid) ON DELETE SET NULL,
  cluster_guid {text} REFERENCES hypervisor_clusters (guid) ON DELETE SET NULL,
  project {text},
  tenant_id {text},
  present SMALLINT NOT NULL CHECK (present IN (0, 1)),
  power_state {text} NOT NULL CHECK (power_state IN ('UNKNOWN', 'ON', 'OFF', 'SUSPENDED')),
  guest_os {text},
  cpu_count INTEGER,
  memory_bytes BIGINT,
  provisioned_bytes BIGINT NOT NULL,
  first_seen_at BIGINT NOT NULL,
  last_seen_at BIGINT,
  export_mode {text},
  quiesce SMALLINT NOT NULL CHECK (quiesce IN (0, 1)),
  ssh_host {text},
  ssh_port INTEGER,
  ssh_user {text},
  ssh_key_path {text},
  ssh_credential_guid {text} REFERENCES credentials (guid) ON DELETE RESTRICT,
  pre_command_enabled SMALLINT NOT NULL CHECK (pre_command_enabled IN (0, 1)),
  pre_command_args {text} NOT NULL,
  pre_command_ignored_exit_codes {text} NOT NULL,
  pre_command_errors {text} NOT NULL CHECK (pre_command_errors IN ('DONT_IGNORE', 'IGNORE_WITHOUT_WARNING', 'IGNORE_WITH_WARNING')),
  post_command_enabled SMALLINT NOT NULL CHECK (post_command_enabled IN (0, 1)),
  post_command_args {text} NOT NULL,
  post_command_ignored_exit_codes {text} NOT NULL,
  post_command_errors {text} NOT NULL CHECK (post_command_errors IN ('DONT_IGNORE', 'IGNORE_WITHOUT_WARNING', 'IGNORE_WITH_WARNING')),
  backup_policy_guid {text} REFERENCES policies (guid) ON DELETE SET NULL,
  snapshot_policy_guid {text} REFERENCES policies (guid) ON DELETE SET NULL,
  last_backup_at BIGINT,
  last_backup_state {text} CHECK (last_backup_state IN ('PENDING', 'RUNNING', 'SUCCESS', 'FAILED', 'CANCELLED', 'REMOVING')),
  last_success_at BIGINT,
  last_success_bytes BIGINT,
  last_full_at BIGINT,
  last_full_bytes BIGINT,
  rpo_due_at BIGINT,
  warnings_present SMALLINT NOT NULL CHECK (warnings_present IN (0, 1)),
  restore_status {text},
  version BIGINT NOT NULL
);
CREATE INDEX machines_by_name_key ON machines (name_key, guid);
CREATE INDEX machines_by_uuid ON machines (uuid);
CREATE INDEX machines_by_hypervisor_name_key ON machines (hypervisor_guid, name_key, guid);
CREATE INDEX machines_by_hypervisor_manager_name_key ON machines (hypervisor_manager_guid, name_key, guid);
CREATE INDEX machines_by_cluster_name_key ON machines (cluster_guid, name_key, guid);
CREATE INDEX machines_by_ssh_credential ON machines (ssh_credential_guid);
CREATE INDEX machines_by_backup_policy_name_key ON machines (backup_policy_guid, name_key, guid);
CREATE INDEX machines_by_snapshot_policy ON machines (snapshot_policy_guid);
CREATE INDEX machines_by_present_name_key ON machines (present, name_key, guid);
CREATE INDEX machines_by_tenant_id_name_key ON machines (tenant_id, name_key, guid);
CREATE INDEX machines_by_platform_name_key ON machines (platform, name_key, guid);
CREATE INDEX machines_by_last_backup_at ON machines (last_backup_at {nulls}, guid);
CREATE INDEX machines_by_last_success_at ON machines (last_success_at {nulls}, guid);
CREATE INDEX machines_by_last_success_bytes ON machines (last_success_bytes {nulls}, guid);
CREATE INDEX machines_by_last_full_at ON machines (last_full_at {nulls}, guid);
CREATE INDEX machines_by_provisioned_bytes ON machines (provisioned_bytes, guid);
CREATE INDEX machines_by_rpo_due_at ON machines (rpo_due_at {nulls}, guid);
CREATE INDEX machines_by_last_backup_state_name_key ON machines (last_backup_state, name_key, guid);

CREATE TABLE machine_tags (
  machine_guid {text} NOT NULL REFERENCES machines (guid) ON DELETE CASCADE,
  tag {text} NOT NULL,
  PRIMARY KEY (machine_guid, tag)
){row};
CREATE INDEX machine_tags_by_tag_machine ON machine_tags (tag, machine_guid);

CREATE TABLE machine_disks (
  guid {text} NOT NULL PRIMARY KEY,
  machine_guid {text} NOT NULL REFERENCES machines (guid) ON DELETE CASCADE,
  device_id {text} NOT NULL,
  uuid {text},
  label {text} NOT NULL,
  position INTEGER NOT NULL,
  size_bytes BIGINT NOT NULL,
  storage_guid {text} REFERENCES hypervisor_storages (guid) ON DELETE SET NULL,
  format {text},
  excluded SMALLINT NOT NULL CHECK (excluded IN (0, 1)),
  exclude_reason {text},
  present SMALLINT NOT NULL CHECK (present IN (0, 1)),
  version BIGINT NOT NULL,
  UNIQUE (machine_guid, device_id)
);
CREATE INDEX machine_disks_by_storage ON machine_disks (storage_guid);

CREATE TABLE policy_machines (
  policy_guid {text} NOT NULL REFERENCES policies (guid) ON DELETE CASCADE,
  machine_guid {text} NOT NULL REFERENCES machines (guid) ON DELETE CASCADE,
  assigned_by {text} NOT NULL CHECK (assigned_by IN ('MANUAL', 'AUTO')),
  assigned_at BIGINT NOT NULL,
  PRIMARY KEY (policy_guid, machine_guid)
){row};
CREATE INDEX policy_machines_by_machine ON policy_machines (machine_guid);

CREATE TABLE rules (
  guid {text} NOT NULL PRIMARY KEY,
  name {text} NOT NULL,
  name_key {text} NOT NULL,
  policy_guid {text} NOT NULL REFERENCES policies (guid) ON DELETE CASCADE,
  active SMALLINT NOT NULL CHECK (active IN (0, 1)),
  position INTEGER NOT NULL,
  retention_versions INTEGER,
  retention_days INTEGER,
  version BIGINT NOT NULL
);
CREATE INDEX rules_by_policy_position ON rules (policy_guid, position);

CREATE TABLE rule_destinations (
  guid {text} NOT NULL PRIMARY KEY,
  rule_guid {text} NOT NULL REFERENCES rules (guid) ON DELETE CASCADE,
  role {text} NOT NULL CHECK (role IN ('PRIMARY', 'SECONDARY')),
  active SMALLINT NOT NULL CHECK (active IN (0, 1)),
  destination_guid {text} NOT NULL REFERENCES destinations (guid) ON DELETE RESTRICT,
  lock_days INTEGER NOT NULL,
  keep_last_full INTEGER,
  keep_full_newer_than BIGINT,
  keep_last_incremental INTEGER,
  keep_incremental_newer_than BIGINT,
  keep_last_while_present SMALLINT NOT NULL CHECK (keep_last_while_present IN (0, 1)),
  keep_last INTEGER NOT NULL,
  keep_hourly INTEGER NOT NULL,
  keep_daily INTEGER NOT NULL,
  keep_weekly INTEGER NOT NULL,
  keep_monthly INTEGER NOT NULL,
  keep_yearly INTEGER NOT NULL,
  version BIGINT NOT NULL,
  UNIQUE (rule_guid, role)
);
CREATE INDEX rule_destinations_by_destination ON rule_destinations (destination_guid);

CREATE TABLE schedules (
  guid {text} NOT NULL PRIMARY KEY,
  name {text} NOT NULL,
  name_key {text} NOT NULL,
  type {text} NOT NULL CHECK (type IN ('VM_BACKUP', 'VM_SNAPSHOT', 'APP_BACKUP')),
  active SMALLINT NOT NULL CHECK (active IN (0, 1)),
  backup_type {text} NOT NULL CHECK (backup_type IN ('FULL', 'INCREMENTAL')),
  execution_type {text} NOT NULL CHECK (execution_type IN ('TIME', 'INTERVAL', 'CRON')),
  hour BIGINT,
  interval_start BIGINT,
  interval_end BIGINT,
  interval_frequency BIGINT,
  cron {text},
  time_zone {text} NOT NULL,
  start_window BIGINT NOT NULL,
  days_of_week {text} NOT NULL,
  months {text} NOT NULL,
  occurrences {text} NOT NULL,
  tenant_id {text},
  last_run_at BIGINT,
  next_run_at BIGINT,
  version BIGINT NOT NULL
);
CREATE INDEX schedules_by_name_key ON schedules (name_key, guid);
CREATE INDEX schedules_by_next_run_at ON schedules (next_run_at {nulls});

CREATE TABLE rule_schedules (
  rule_guid {text} NOT NULL REFERENCES rules (guid) ON DELETE CASCADE,
  schedule_guid {text} NOT NULL REFERENCES schedules (guid) ON DELETE CASCADE,
  PRIMARY KEY (rule_guid, schedule_guid)
){row};
CREATE INDEX rule_schedules_by_schedule ON rule_schedules (schedule_guid);

CREATE TABLE restore_points (
  guid {text} NOT NULL PRIMARY KEY,
  machine_guid {text} NOT NULL REFERENCES machines (guid) ON DELETE RESTRICT,
  destination_guid {text} NOT NULL REFERENCES destinations (guid) ON DELETE RESTRICT,
  repository_point_id {text},
  type {text} NOT NULL CHECK (type IN ('FULL', 'INCREMENTAL')),
  state {text} NOT NULL CHECK (state IN ('PENDING', 'RUNNING', 'SUCCESS', 'FAILED', 'CANCELLED', 'REMOVING')),
  created_at BIGINT NOT NULL,
  snapshot_at BIGINT,
  finished_at BIGINT,
  size_bytes BIGINT NOT NULL,
  changed_bytes BIGINT NOT NULL,
  new_bytes BIGINT NOT NULL,
  stored_bytes BIGINT NOT NULL,
  base_guid {text},
  copy_of_guid {text},
  consistency {text},
  held SMALLINT NOT NULL CHECK (held IN (0, 1)),
  hold_reason {text},
  locked_until BIGINT,
  retention_hint {text} NOT NULL CHECK (retention_hint IN ('STANDARD_RETENTION', 'TO_REMOVE', 'ARCHIVE')),
  warnings INTEGER NOT NULL,
  warnings_acknowledged SMALLINT NOT NULL CHECK (warnings_acknowledged IN (0, 1)),
  description {text},
  policy_guid {text} REFERENCES policies (guid) ON DELETE SET NULL,
  rule_guid {text} REFERENCES rules (guid) ON DELETE SET NULL,
  role {text} CHECK (role IN ('PRIMARY', 'SECONDARY')),
  verified_at BIGINT,
  verify_state {text} NOT NULL CHECK (verify_state IN ('NONE', 'GOOD', 'DAMAGED')),
  status_info {text},
  version BIGINT NOT NULL
);
CREATE INDEX restore_points_by_machine_created_at ON restore_points (machine_guid, created_at, guid);
CREATE INDEX restore_points_by_created_at ON restore_points (created_at, guid);
CREATE INDEX restore_points_by_size_bytes ON restore_points (size_bytes, guid);
CREATE INDEX restore_points_by_stored_bytes ON restore_points (stored_bytes, guid);
CREATE INDEX restore_points_by_state_created_at ON restore_points (state, created_at, guid);
CREATE INDEX restore_points_by_destination_created_at ON restore_points (destination_guid, created_at, guid);
CREATE INDEX restore_points_by_type_created_at ON restore_points (type, created_at, guid);
CREATE INDEX restore_points_by_policy_created_at ON restore_points (policy_guid, created_at, guid);
CREATE INDEX restore_points_by_rule ON restore_points (rule_guid);
CREATE INDEX restore_points_by_repository_point_id ON restore_points (repository_point_id);
-- counts restore_point_counts of restore_points by destination_guid, policy_guid, type, state
-- counts restore_point_machine_counts of restore_points by machine_guid, state

CREATE TABLE restore_point_disks (
  guid {text} NOT NULL PRIMARY KEY,
  restore_point_guid {text} NOT NULL REFERENCES restore_points (guid) ON DELETE CASCADE,
  machine_disk_guid {text} REFERENCES machine_disks (guid) ON DELETE SET NULL,
  device_id {text} NOT NULL,
  label {text} NOT NULL,
  position INTEGER NOT NULL,
  size_bytes BIGINT NOT NULL,
  changed_bytes BIGINT NOT NULL,
  stored_bytes BIGINT NOT NULL,
  format {text},
  token_kind {text},
  token {blob},
  file_systems {text},
  version BIGINT NOT NULL,
  UNIQUE (restore_point_guid, device_id)
);
CREATE INDEX restore_point_disks_by_machine_disk ON restore_point_disks (machine_disk_guid);

CREATE TABLE snapshots (
  guid {text} NOT NULL PRIMARY KEY,
  name {text} NOT NULL,
  name_key {text} NOT NULL,
  machine_guid {text} NOT NULL REFERENCES machines (guid) ON DELETE CASCADE,
  uuid {text},
  state {text} NOT NULL CHECK (state IN ('CREATING', 'PRESENT', 'REMOVING', 'FAILED')),
  created_at BIGINT NOT NULL,
  policy_guid {text} REFERENCES policies (guid) ON DELETE SET NULL,
  rule_guid {text} REFERENCES rules (guid) ON DELETE SET NULL,
  restore_point_guid {text} REFERENCES restore_points (guid) ON DELETE SET NULL,
  quiesced SMALLINT NOT NULL CHECK (quiesced IN (0, 1)),
  ours SMALLINT NOT NULL CHECK (ours IN (0, 1)),
  size_bytes BIGINT,
  status_info {text},
  version BIGINT NOT NULL
);
CREATE INDEX snapshots_by_machine_created_at ON snapshots (machine_guid, created_at, guid);
CREATE INDEX snapshots_by_policy ON snapshots (policy_guid);
CREATE INDEX snapshots_by_rule ON snapshots (rule_guid);
CREATE INDEX snapshots_by_restore_point ON snapshots (restore_point_guid);
CREATE INDEX snapshots_by_created_at ON snapshots (created_at, guid);

CREATE TABLE workflows (
  guid {text} NOT NULL PRIMARY KEY,
  name {text} NOT NULL,
  name_key {text} NOT NULL,
  state {text} NOT NULL CHECK (state IN ('RUNNING', 'FINISHED', 'FINISHED_WITH_WARNINGS', 'PARTIALLY_FINISHED', 'FAILED', 'FAILED_WITH_CRITICAL_ERRORS', 'CANCELLED', 'UNKNOWN')),
  origin_type {text} NOT NULL CHECK (origin_type IN ('USER', 'SCHEDULE', 'SYSTEM_SCHEDULE')),
  origin_guid {text},
  machine_guid {text} REFERENCES machines (guid) ON DELETE CASCADE,
  policy_guid {text} REFERENCES policies (guid) ON DELETE SET NULL,
  schedule_guid {text} REFERENCES schedules (guid) ON DELETE SET NULL,
  created_at BIGINT NOT NULL,
  finished_at BIGINT,
  status_info {text},
  version BIGINT NOT NULL
);
CREATE INDEX workflows_by_state_created_at ON workflows (state, created_at, guid);
CREATE INDEX workflows_by_created_at ON workflows (created_at, guid);
CREATE INDEX workflows_by_machine_created_at ON workflows (machine_guid, created_at, guid);
CREATE INDEX workflows_by_policy ON workflows (policy_guid);
CREATE INDEX workflows_by_schedule ON workflows (schedule_guid);

CREATE TABLE tasks (
  guid {text} NOT NULL PRIMARY KEY,
  type {text} NOT NULL CHECK (type IN ('INDEX', 'EXPORT', 'STORE', 'RESTORE', 'IMPORT', 'MOUNT', 'UNMOUNT', 'DELETE', 'SNAPSHOT', 'SNAPSHOT_REVERSION', 'OLD_BACKUPS_REMOVAL', 'OLD_SNAPSHOTS_REMOVAL', 'INVENTORY_SYNC', 'VERIFY', 'COLLECT', 'REPLICATE', 'RECOVERY_TEST', 'REPORT')),
  state {text} NOT NULL CHECK (state IN ('QUEUED', 'RUNNING', 'FINISHED', 'FAILED', 'CANCELLED')),
  priority INTEGER NOT NULL CHECK (priority BETWEEN 0 AND 100),
  claim_order BIGINT NOT NULL,
  window_start BIGINT,
  window_end BIGINT,
  not_before BIGINT,
  workflow_guid {text} REFERENCES workflows (guid) ON DELETE CASCADE,
  linked_task_guid {text} REFERENCES tasks (guid) ON DELETE SET NULL,
  depends_on_guid {text} REFERENCES tasks (guid) ON DELETE SET NULL,
  node_guid {text} REFERENCES nodes (guid) ON DELETE SET NULL,
  origin_type {text} NOT NULL CHECK (origin_type IN ('USER', 'SCHEDULE', 'SYSTEM_SCHEDULE')),
  origin_guid {text},
  machine_guid {text} REFERENCES machines (guid) ON DELETE CASCADE,
  hypervisor_guid {text} REFERENCES hypervisors (guid) ON DELETE SET NULL,
  source_guid {text},
  restore_point_guid {text} REFERENCES restore_points (guid) ON DELETE SET NULL,
  backup_type {text} CHECK (backup_type IN ('FULL', 'INCREMENTAL')),
  destination_guid {text} REFERENCES destinations (guid) ON DELETE SET NULL,
  policy_guid {text} REFERENCES policies (guid) ON DELETE SET NULL,
  rule_guid {text} REFERENCES rules (guid) ON DELETE SET NULL,
  schedule_guid {text} REFERENCES schedules (guid) ON DELETE SET NULL,
  parameters {text} NOT NULL,
  attempt INTEGER NOT NULL,
  max_attempts INTEGER NOT NULL,
  cancel_requested SMALLINT NOT NULL CHECK (cancel_requested IN (0, 1)),
  lease_node_guid {text} REFERENCES nodes (guid) ON DELETE SET NULL,
  lease_generation BIGINT,
  created_at BIGINT NOT NULL,
  started_at BIGINT,
  finished_at BIGINT,
  stage {text},
  percent INTEGER NOT NULL CHECK (percent BETWEEN 0 AND 100),
  bytes_done BIGINT NOT NULL,
  bytes_total BIGINT,
  rate_bytes BIGINT NOT NULL,
  progress_at BIGINT,
  status_info {text},
  warnings INTEGER NOT NULL,
  error_code INTEGER,
  result {text},
  tenant_id {text},
  version BIGINT NOT NULL
);
CREATE INDEX tasks_by_state_claim_order ON tasks (state, claim_order, guid);
CREATE INDEX tasks_by_state_created_at ON tasks (state, created_at, guid);
CREATE INDEX tasks_by_created_at ON tasks (created_at, guid);
CREATE INDEX tasks_by_type_created_at ON tasks (type, created_at, guid);
CREATE INDEX tasks_by_machine_created_at ON tasks (machine_guid, created_at, guid);
CREATE INDEX tasks_by_workflow ON tasks (workflow_guid);
CREATE INDEX tasks_by_linked_task ON tasks (linked_task_guid);
CREATE INDEX tasks_by_depends_on ON tasks (depends_on_guid);
CREATE INDEX tasks_by_restore_point ON tasks (restore_point_guid);
CREATE INDEX tasks_by_schedule_created_at ON tasks (schedule_guid, created_at, guid);
CREATE INDEX tasks_by_policy_created_at ON tasks (policy_guid, created_at, guid);
CREATE INDEX tasks_by_destination ON tasks (destination_guid);
CREATE INDEX tasks_by_hypervisor ON tasks (hypervisor_guid);
CREATE INDEX tasks_by_rule ON tasks (rule_guid);
CREATE INDEX tasks_by_node ON tasks (node_guid);
CREATE INDEX tasks_by_lease_node_state ON tasks (lease_node_guid, state);
CREATE INDEX tasks_by_source_state ON tasks (source_guid, state);
CREATE INDEX tasks_by_tenant_id_created_at ON tasks (tenant_id, created_at, guid);
CREATE INDEX tasks_by_finished_at ON tasks (finished_at {nulls}, guid);
-- counts task_counts of tasks by type, state

CREATE TABLE task_checkpoints (
  task_guid {text} NOT NULL REFERENCES tasks (guid) ON DELETE CASCADE,
  stage {text} NOT NULL,
  data {blob} NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (task_guid, stage)
){row};

CREATE TABLE task_log (
  task_guid {text} NOT NULL REFERENCES tasks (guid) ON DELETE CASCADE,
  seq BIGINT NOT NULL,
  at BIGINT NOT NULL,
  level {text} NOT NULL CHECK (level IN ('DEBUG', 'INFO', 'WARNING', 'ERROR')),
  text {text} NOT NULL,
  PRIMARY KEY (task_guid, seq)
){row};

CREATE TABLE mounts (
  guid {text} NOT NULL PRIMARY KEY,
  restore_point_guid {text} NOT NULL REFERENCES restore_points (guid) ON DELETE RESTRICT,
  node_guid {text} REFERENCES nodes (guid) ON DELETE RESTRICT,
  task_guid {text} REFERENCES tasks (guid) ON DELETE SET NULL,
  mode {text} NOT NULL CHECK (mode IN ('FILE_SYSTEMS', 'NBD', 'ISCSI', 'MACHINE')),
  state {text} NOT NULL CHECK (state IN ('MOUNTING', 'MOUNTED', 'UNMOUNTING', 'FAILED')),
  unmount_at BIGINT,
  allowed_clients {text} NOT NULL,
  address {text},
  settings {text} NOT NULL,
  created_at BIGINT NOT NULL,
  created_by {text},
  status_info {text},
  version BIGINT NOT NULL
);
CREATE INDEX mounts_by_restore_point ON mounts (restore_point_guid);
CREATE INDEX mounts_by_node ON mounts (node_guid);
CREATE INDEX mounts_by_task ON mounts (task_guid);
CREATE INDEX mounts_by_created_at ON mounts (created_at, guid);
CREATE INDEX mounts_by_unmount_at ON mounts (unmount_at {nulls});

CREATE TABLE mounted_file_systems (
  guid {text} NOT NULL PRIMARY KEY,
  mount_guid {text} NOT NULL REFERENCES mounts (guid) ON DELETE CASCADE,
  disk_guid {text} REFERENCES restore_point_disks (guid) ON DELETE SET NULL,
  label {text},
  type {text} NOT NULL,
  size_bytes BIGINT NOT NULL,
  used_bytes BIGINT,
  mount_path {text},
  version BIGINT NOT NULL
);
CREATE INDEX mounted_file_systems_by_mount ON mounted_file_systems (mount_guid);
CREATE INDEX mounted_file_systems_by_disk ON mounted_file_systems (disk_guid);

CREATE TABLE users (
  guid {text} NOT NULL PRIMARY KEY,
  login {text} NOT NULL,
  login_key {text} NOT NULL,
  full_name {text},
  email {text},
  password_hash {text},
  sealed_totp {blob},
  source {text} NOT NULL CHECK (source IN ('LOCAL', 'LDAP', 'OIDC')),
  external_id {text},
  active SMALLINT NOT NULL CHECK (active IN (0, 1)),
  must_change_password SMALLINT NOT NULL CHECK (must_change_password IN (0, 1)),
  failed_logins INTEGER NOT NULL,
  locked_until BIGINT,
  last_login_at BIGINT,
  settings {text} NOT NULL,
  tenant_id {text},
  created_at BIGINT NOT NULL,
  version BIGINT NOT NULL,
  UNIQUE (login_key)
);
CREATE INDEX users_by_external_id ON users (external_id);

CREATE TABLE groups (
  guid {text} NOT NULL PRIMARY KEY,
  name {text} NOT NULL,
  name_key {text} NOT NULL,
  description {text},
  source {text} NOT NULL CHECK (source IN ('LOCAL', 'LDAP', 'OIDC')),
  external_id {text},
  version BIGINT NOT NULL,
  UNIQUE (name_key)
);

CREATE TABLE group_members (
  group_guid {text} NOT NULL REFERENCES groups (guid) ON DELETE CASCADE,
  user_guid {text} NOT NULL REFERENCES users (guid) ON DELETE CASCADE,
  PRIMARY KEY (group_guid, user_guid)
){row};
CREATE INDEX group_members_by_user ON group_members (user_guid);

CREATE TABLE roles (
  guid {text} NOT NULL PRIMARY KEY,
  name {text} NOT NULL,
  name_key {text} NOT NULL,
  description {text},
  built_in SMALLINT NOT NULL CHECK (built_in IN (0, 1)),
  version BIGINT NOT NULL,
  UNIQUE (name_key)
);

CREATE TABLE role_permissions (
  role_guid {text} NOT NULL REFERENCES roles (guid) ON DELETE CASCADE,
  permission {text} NOT NULL,
  PRIMARY KEY (role_guid, permission)
){row};

CREATE TABLE role_assignments (
  guid {text} NOT NULL PRIMARY KEY,
  role_guid {text} NOT NULL REFERENCES roles (guid) ON DELETE RESTRICT,
  user_guid {text} REFERENCES users (guid) ON DELETE CASCADE,
  group_guid {text} REFERENCES groups (guid) ON DELETE CASCADE,
  scope_kind {text},
  scope_value {text},
  version BIGINT NOT NULL,
  CHECK ((user_guid IS NULL) <> (group_guid IS NULL))
);
CREATE INDEX role_assignments_by_role ON role_assignments (role_guid);
CREATE INDEX role_assignments_by_user ON role_assignments (user_guid);
CREATE INDEX role_assignments_by_group ON role_assignments (group_guid);

CREATE TABLE api_tokens (
  guid {text} NOT NULL PRIMARY KEY,
  name {text} NOT NULL,
  name_key {text} NOT NULL,
  user_guid {text} NOT NULL REFERENCES users (guid) ON DELETE CASCADE,
  token_hash {blob} NOT NULL,
  permissions {text} NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT,
  last_used_at BIGINT,
  revoked_at BIGINT,
  version BIGINT NOT NULL,
  UNIQUE (token_hash)
);
CREATE INDEX api_tokens_by_user ON api_tokens (user_guid);

CREATE TABLE sessions (
  guid {text} NOT NULL PRIMARY KEY,
  user_guid {text} NOT NULL REFERENCES users (guid) ON DELETE CASCADE,
  token_hash {blob} NOT NULL,
  csrf_hash {blob} NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  last_used_at BIGINT NOT NULL,
  address {text},
  user_agent {text},
  version BIGINT NOT NULL,
  UNIQUE (token_hash)
);
CREATE INDEX sessions_by_user ON sessions (user_guid);
CREATE INDEX sessions_by_expires_at ON sessions (expires_at);

CREATE TABLE recovery_plans (
  guid {text} NOT NULL PRIMARY KEY,
  name {text} NOT NULL,
  name_key {text} NOT NULL,
  description {text},
  active SMALLINT NOT NULL CHECK (active IN (0, 1)),
  settings {text} NOT NULL,
  last_tested_at BIGINT,
  last_result {text},
  version BIGINT NOT NULL,
  UNIQUE (name_key)
);

CREATE TABLE recovery_plan_steps (
  guid {text} NOT NULL PRIMARY KEY,
  plan_guid {text} NOT NULL REFERENCES recovery_plans (guid) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  machine_guid {text} NOT NULL REFERENCES machines (guid) ON DELETE CASCADE,
  delay BIGINT NOT NULL,
  settings {text} NOT NULL,
  version BIGINT NOT NULL
);
CREATE INDEX recovery_plan_steps_by_plan_position ON recovery_plan_steps (plan_guid, position);
CREATE INDEX recovery_plan_steps_by_machine ON recovery_plan_steps (machine_guid);

CREATE TABLE audit (
  seq BIGINT NOT NULL,
  at BIGINT NOT NULL,
  actor_guid {text},
  actor {text} NOT NULL,
  address {text},
  action {text} NOT NULL,
  object_kind {text},
  object_guid {text},
  object_name {text},
  outcome {text} NOT NULL CHECK (outcome IN ('SUCCESS', 'DENIED', 'FAILED')),
  detail {text} NOT NULL,
  prev_hash {blob} NOT NULL,
  hash {blob} NOT NULL,
  PRIMARY KEY (seq)
);
CREATE INDEX audit_by_actor_seq ON audit (actor, seq);
CREATE INDEX audit_by_object_seq ON audit (object_guid, seq);
CREATE INDEX audit_by_action_seq ON audit (action, seq);

CREATE TABLE idempotency (
  key {text} NOT NULL,
  actor {text} NOT NULL,
  request_hash {blob} NOT NULL,
  status INTEGER,
  response {text},
  created_at BIGINT NOT NULL,
  PRIMARY KEY (key, actor)
){row};
CREATE INDEX idempotency_by_created_at ON idempotency (created_at);
