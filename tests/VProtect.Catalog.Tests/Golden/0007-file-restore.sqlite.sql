-- Files of a mounted restore point are written into a machine that runs: a kind of task.
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = substr(sql, 1, instr(sql, 'CHECK (type IN (') + 16 - 1) || '''INDEX'', ''EXPORT'', ''STORE'', ''RESTORE'', ''IMPORT'', ''MOUNT'', ''UNMOUNT'', ''DELETE'', ''SNAPSHOT'', ''SNAPSHOT_REVERSION'', ''OLD_BACKUPS_REMOVAL'', ''OLD_SNAPSHOTS_REMOVAL'', ''INVENTORY_SYNC'', ''VERIFY'', ''COLLECT'', ''REPLICATE'', ''RECOVERY_TEST'', ''REPORT'', ''APPLIANCE_BACKUP'', ''FILE_RESTORE''' || substr(sql, instr(sql, 'CHECK (type IN (') + 16 + instr(substr(sql, instr(sql, 'CHECK (type IN (') + 16), ')') - 1)
WHERE type = 'table' AND name = 'tasks' AND instr(sql, 'CHECK (type IN (') > 0;
PRAGMA writable_schema = RESET;
CREATE TABLE schema_changed (n INTEGER);
DROP TABLE schema_changed;
