-- A user or a platform may say that the next backup of a machine must read everything.
ALTER TABLE machines ADD COLUMN next_backup_full SMALLINT NOT NULL DEFAULT 0 CHECK (next_backup_full IN (0, 1));
