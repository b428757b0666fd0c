-- Files of a mounted restore point are written into a machine that runs: a kind of task.
ALTER TABLE tasks DROP CONSTRAINT tasks_type_check;
ALTER TABLE tasks ADD CONSTRAINT tasks_type_check CHECK (type IN ('INDEX', 'EXPORT', 'STORE', 'RESTORE', 'IMPORT', 'MOUNT', 'UNMOUNT', 'DELETE', 'SNAPSHOT', 'SNAPSHOT_REVERSION', 'OLD_BACKUPS_REMOVAL', 'OLD_SNAPSHOTS_REMOVAL', 'INVENTORY_SYNC', 'VERIFY', 'COLLECT', 'REPLICATE', 'RECOVERY_TEST', 'REPORT', 'APPLIANCE_BACKUP', 'FILE_RESTORE'));
