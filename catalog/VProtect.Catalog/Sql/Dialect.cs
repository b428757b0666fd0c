using System.Data.Common;
using System.Text.RegularExpressions;
using Microsoft.Data.Sqlite;
using Npgsql;
using VProtect.Abstractions;

namespace VProtect.Catalog.Sql;

/// <summary>All that differs between SQLite and PostgreSQL once a connection is open. Everything else is SQL that both understand.</summary>
internal abstract partial class Dialect
{
    public static readonly Dialect Sqlite = new SqliteDialect();
    public static readonly Dialect PostgreSql = new PostgreSqlDialect();

    /// <summary>What the words in braces in migrations stand for.</summary>
    protected abstract IReadOnlyDictionary<string, string> Words { get; }

    /// <summary>Ends of <c>ORDER BY column</c> that put rows without a value first when ascending and last when descending.</summary>
    public abstract string NullsOf(SortDirection direction);

    /// <summary>Whether the table of migrations exists, as a query that returns a row or none.</summary>
    public abstract string MigrationsExist { get; }

    /// <summary>SQL that lets one transaction at a time past it, until that ends; null when writers are one at a time anyway.</summary>
    public abstract string? ExclusiveUntilEnd(CatalogLock named);

    /// <summary>SQL that answers 1 when no other has a lock, which is then held until the transaction ends, and else 0; null when there is no other server.</summary>
    public abstract string? TryExclusiveUntilEnd(CatalogLock named);

    /// <summary>End of a SELECT that takes rows to change them, passing over those that another is changing.</summary>
    public abstract string SkipLocked { get; }

    /// <summary>End of a SELECT that takes rows to change them, waiting for others.</summary>
    public abstract string ForUpdate { get; }

    /// <summary>
    /// A column that the planner is not to use an index for. SQLite has no statistics of single values, so the caller, who has just counted,
    /// tells it which way round to go; PostgreSQL knows by itself.
    /// </summary>
    public abstract string WithoutIndex(string column);

    /// <summary>A condition that few rows satisfy, for the same reason.</summary>
    public abstract SqlText Rare(SqlText condition);

    /// <summary>Adds up what the triggers of a table of counts left, where they leave one row for each change.</summary>
    public abstract string? CompactCounts(string counts, IReadOnlyList<string> columns);

    /// <summary>The sum of a column as a whole number that ends at the ends of 64 bits, whatever the rows hold; null without rows.</summary>
    public abstract SqlText Sum(string column);

    /// <summary>What goes before a table's name inside the WITH that hides it.</summary>
    public abstract string Whole { get; }

    /// <summary>What the planner needs to know about new data.</summary>
    public abstract string Analyze { get; }

    /// <summary>What an error of the database means to a caller; null when it is none of the known.</summary>
    public abstract ErrorCode? Classify(DbException exception);

    /// <summary>A migration as this database reads it.</summary>
    public string Expand(string migration)
    {
        string sql = WordPattern().Replace(migration, match => Words[match.Groups[1].Value]);
        sql = ValuesPattern().Replace(sql, match => ValuesOf(
            match.Groups[1].Value, match.Groups[2].Value, string.Join(", ", match.Groups[3].Value.Split(", ").Select(value => $"'{value}'"))));
        sql = MirroredPattern().Replace(sql, match => MirroredOf(match.Groups[1].Value, match.Groups[2].Value, match.Groups[3].Value));
        return CountsPattern().Replace(sql, match => CountsOf(
            match.Groups[1].Value, match.Groups[2].Value, match.Groups[3].Value.Split(", ")));
    }

    /// <summary>Triggers that note in <c>feed_changes</c>, while there is a feed, that a row of <paramref name="relation"/> changed.</summary>
    /// <param name="table">Table that they watch.</param>
    /// <param name="relation">Table of the row that is noted.</param>
    /// <param name="column">Its guid in the watched row.</param>
    protected abstract string FeedOf(string table, string relation, string column);

    /// <summary>How a change is noted: a row of it, whose number grows with each.</summary>
    protected static string NoteOf(string relation, string guid) =>
        $"INSERT INTO feed_changes (relation, guid, change) SELECT '{relation}', {guid}, 1 WHERE EXISTS (SELECT 1 FROM feeds) " +
        "ON CONFLICT (relation, guid) DO UPDATE SET change = feed_changes.change + 1;\n";

    // Rows of their own also say whose they are; rows that only join go with those that they belong to.
    private string MirroredOf(string table, string relation, string column) => relation.Length > 0
        ? FeedOf(table, relation, column)
        : $"ALTER TABLE {table} ADD COLUMN appliance_guid {Words["text"]};\n" +
            $"CREATE INDEX {table}_by_appliance ON {table} (appliance_guid) WHERE appliance_guid IS NOT NULL;\n{FeedOf(table, table, "guid")}";

    /// <summary>Sets which values the check of a column allows; rows stay as they are.</summary>
    protected abstract string ValuesOf(string table, string column, string list);

    /// <summary>Table and triggers that keep the number of rows for each combination of <paramref name="columns"/>.</summary>
    protected abstract string CountsOf(string counts, string table, string[] columns);

    [GeneratedRegex(@"\{(\w+)\}")]
    private static partial Regex WordPattern();

    [GeneratedRegex(@"^-- counts (\w+) of (\w+) by ([\w, ]+)$", RegexOptions.Multiline)]
    private static partial Regex CountsPattern();

    [GeneratedRegex(@"^-- values (\w+)\.(\w+): ([\w, ]+)$", RegexOptions.Multiline)]
    private static partial Regex ValuesPattern();

    [GeneratedRegex(@"^-- mirrored (\w+)(?: with (\w+) by (\w+))?$", RegexOptions.Multiline)]
    private static partial Regex MirroredPattern();

    private sealed class SqliteDialect : Dialect
    {
        public override string MigrationsExist => "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'schema_migrations'";

        public override string SkipLocked => "";

        // A WITH sees itself here, and all others of its list.
        public override string Whole => "main.";

        public override string ForUpdate => "";

        public override string Analyze => "PRAGMA analysis_limit = 1000; ANALYZE";

        protected override IReadOnlyDictionary<string, string> Words { get; } = new Dictionary<string, string>
        {
            ["text"] = "TEXT",
            ["blob"] = "BLOB",
            ["row"] = " WITHOUT ROWID",
            ["nulls"] = "",
        };

        public override string NullsOf(SortDirection direction) => "";

        public override string? ExclusiveUntilEnd(CatalogLock named) => null;

        public override string? TryExclusiveUntilEnd(CatalogLock named) => null;

        public override string WithoutIndex(string column) => "+" + column;

        public override SqlText Rare(SqlText condition) => $"likelihood({condition}, 0.0001)";

        public override string? CompactCounts(string counts, IReadOnlyList<string> columns) => null;

        // SUM fails where TOTAL does not: that adds whole numbers up exactly as long as they fit, and ends as a floating point number, exact up to 2^53.
        public override SqlText Sum(string column) => SqlText.Raw($"CASE WHEN COUNT({column}) > 0 THEN CAST(TOTAL({column}) AS INTEGER) END");

        public override ErrorCode? Classify(DbException exception) => exception is not SqliteException sqlite
            ? null
            : (sqlite.SqliteErrorCode, sqlite.SqliteExtendedErrorCode) switch
            {
                // Names as in https://www.sqlite.org/rescode.html
                (11 or 26, _) => ErrorCode.CatalogDamaged, // CORRUPT, NOTADB
                (_, 787 or 1811) => ErrorCode.CatalogInUse, // CONSTRAINT_FOREIGNKEY, CONSTRAINT_TRIGGER (ON DELETE RESTRICT)
                (_, 1555 or 2067 or 2579) => ErrorCode.CatalogDuplicate, // CONSTRAINT_PRIMARYKEY, _UNIQUE, _ROWID
                (19, _) => ErrorCode.CatalogInvalid, // CONSTRAINT: check, not null
                (5 or 6, _) => ErrorCode.CatalogBusy, // BUSY, LOCKED: another process holds it
                (8 or 10 or 13 or 14, _) => ErrorCode.CatalogUnavailable, // READONLY, IOERR, FULL, CANTOPEN
                _ => null,
            };

        // SQLite cannot change a check, but says how to: https://www.sqlite.org/lang_altertable.html#otheralter. Making and dropping a table tells other
        // connections that the schema is another.
        protected override string ValuesOf(string table, string column, string list)
        {
            string begin = $"CHECK ({column} IN (";
            string from = $"instr(sql, '{begin}') + {begin.Length}";
            return $"PRAGMA writable_schema = ON;\n" +
                $"UPDATE sqlite_schema SET sql = substr(sql, 1, {from} - 1) || '{list.Replace("'", "''", StringComparison.Ordinal)}'" +
                $" || substr(sql, {from} + instr(substr(sql, {from}), ')') - 1)\n" +
                $"WHERE type = 'table' AND name = '{table}' AND instr(sql, '{begin}') > 0;\n" +
                $"PRAGMA writable_schema = RESET;\nCREATE TABLE schema_changed (n INTEGER);\nDROP TABLE schema_changed;";
        }

        protected override string FeedOf(string table, string relation, string column) =>
            $"CREATE TRIGGER {table}_feed_in AFTER INSERT ON {table} BEGIN\n  {NoteOf(relation, $"NEW.{column}")}END;\n" +
            $"CREATE TRIGGER {table}_feed_out AFTER DELETE ON {table} BEGIN\n  {NoteOf(relation, $"OLD.{column}")}END;\n" +
            $"CREATE TRIGGER {table}_feed_over AFTER UPDATE ON {table} BEGIN\n  {NoteOf(relation, $"NEW.{column}")}END;";

        // Writers are one at a time, so a row for each combination is simply counted up.
        protected override string CountsOf(string counts, string table, string[] columns)
        {
            string list = string.Join(", ", columns);
            string Values(string row) => string.Join(", ", columns.Select(column => $"COALESCE({row}.{column}, '')"));
            string Add(string row, int n) =>
                $"  INSERT INTO {counts} ({list}, n) VALUES ({Values(row)}, {n}) ON CONFLICT ({list}) DO UPDATE SET n = n + excluded.n;\n";
            string changed = string.Join(" OR ", columns.Select(column => $"OLD.{column} IS NOT NEW.{column}"));
            return $"CREATE TABLE {counts} (\n{string.Concat(columns.Select(column => $"  {column} TEXT NOT NULL,\n"))}" +
                $"  n BIGINT NOT NULL,\n  PRIMARY KEY ({list})\n) WITHOUT ROWID;\n" +
                $"CREATE TRIGGER {counts}_in AFTER INSERT ON {table} BEGIN\n{Add("NEW", 1)}END;\n" +
                $"CREATE TRIGGER {counts}_out AFTER DELETE ON {table} BEGIN\n{Add("OLD", -1)}END;\n" +
                $"CREATE TRIGGER {counts}_over AFTER UPDATE OF {list} ON {table} WHEN {changed} BEGIN\n{Add("OLD", -1)}{Add("NEW", 1)}END;";
        }
    }

    private sealed class PostgreSqlDialect : Dialect
    {
        public override string MigrationsExist =>
            "SELECT 1 FROM information_schema.tables WHERE table_schema = current_schema() AND table_name = 'schema_migrations'";

        public override string SkipLocked => " FOR UPDATE SKIP LOCKED";

        public override string Whole => "";

        public override string ForUpdate => " FOR UPDATE";

        public override string Analyze => "ANALYZE";

        protected override IReadOnlyDictionary<string, string> Words { get; } = new Dictionary<string, string>
        {
            // The order of bytes, as in SQLite: the order of a list must not depend on how a database was made.
            ["text"] = "TEXT COLLATE \"C\"",
            ["blob"] = "BYTEA",
            ["row"] = "",
            ["nulls"] = "NULLS FIRST",
        };

        public override string NullsOf(SortDirection direction) => direction == SortDirection.Asc ? " NULLS FIRST" : " NULLS LAST";

        public override string? ExclusiveUntilEnd(CatalogLock named) => $"SELECT pg_advisory_xact_lock({(long)named})";

        public override string? TryExclusiveUntilEnd(CatalogLock named) => $"SELECT CASE WHEN pg_try_advisory_xact_lock({(long)named}) THEN 1 ELSE 0 END";

        public override string WithoutIndex(string column) => column;

        public override SqlText Rare(SqlText condition) => condition;

        // A sum of these is numeric, and has no end.
        public override SqlText Sum(string column) => SqlText.Raw($"CAST(LEAST(GREATEST(SUM({column}), {long.MinValue}), {long.MaxValue}) AS BIGINT)");

        public override string? CompactCounts(string counts, IReadOnlyList<string> columns)
        {
            string list = string.Join(", ", columns);
            return $"WITH gone AS (DELETE FROM {counts} RETURNING {list}, n) " +
                $"INSERT INTO {counts} ({list}, n) SELECT {list}, SUM(n) FROM gone GROUP BY {list} HAVING SUM(n) <> 0";
        }

        public override ErrorCode? Classify(DbException exception) => exception is PostgresException postgres
            ? postgres.SqlState switch
            {
                PostgresErrorCodes.ForeignKeyViolation or PostgresErrorCodes.RestrictViolation => ErrorCode.CatalogInUse,
                PostgresErrorCodes.UniqueViolation => ErrorCode.CatalogDuplicate,
                PostgresErrorCodes.CheckViolation or PostgresErrorCodes.NotNullViolation => ErrorCode.CatalogInvalid,
                PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.LockNotAvailable =>
                    ErrorCode.CatalogBusy,
                PostgresErrorCodes.DataCorrupted or PostgresErrorCodes.IndexCorrupted => ErrorCode.CatalogDamaged,
                _ => ErrorCode.CatalogUnavailable,
            }
            : exception is NpgsqlException ? ErrorCode.CatalogUnavailable : null;

        protected override string ValuesOf(string table, string column, string list) =>
            $"ALTER TABLE {table} DROP CONSTRAINT {table}_{column}_check;\n" +
            $"ALTER TABLE {table} ADD CONSTRAINT {table}_{column}_check CHECK ({column} IN ({list}));";

        protected override string FeedOf(string table, string relation, string column) =>
            $"CREATE FUNCTION {table}_feed() RETURNS trigger LANGUAGE plpgsql AS $$\nBEGIN\n  IF TG_OP = 'DELETE' THEN\n    {NoteOf(relation, $"OLD.{column}")}" +
            $"  ELSE\n    {NoteOf(relation, $"NEW.{column}")}  END IF;\n  RETURN NULL;\nEND $$;\n" +
            $"CREATE TRIGGER {table}_feed AFTER INSERT OR UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION {table}_feed();";

        // Writers run side by side, and two that counted up the same rows would wait for each other, in circles at worst. So
        // each change leaves a row of its own, and CompactCounts adds them up now and then.
        protected override string CountsOf(string counts, string table, string[] columns)
        {
            string list = string.Join(", ", columns);
            string Add(string row, int n) =>
                $"    INSERT INTO {counts} ({list}, n) VALUES ({string.Join(", ", columns.Select(column => $"COALESCE({row}.{column}, '')"))}, {n});\n";
            string changed = string.Join(" OR ", columns.Select(column => $"OLD.{column} IS DISTINCT FROM NEW.{column}"));
            return $"CREATE TABLE {counts} (\n{string.Concat(columns.Select(column => $"  {column} TEXT COLLATE \"C\" NOT NULL,\n"))}  n BIGINT NOT NULL\n);\n" +
                $"CREATE FUNCTION {counts}_changed() RETURNS trigger LANGUAGE plpgsql AS $$\nBEGIN\n" +
                $"  IF TG_OP <> 'INSERT' THEN\n{Add("OLD", -1)}  END IF;\n  IF TG_OP <> 'DELETE' THEN\n{Add("NEW", 1)}  END IF;\n  RETURN NULL;\nEND $$;\n" +
                $"CREATE TRIGGER {counts}_in AFTER INSERT OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION {counts}_changed();\n" +
                $"CREATE TRIGGER {counts}_over AFTER UPDATE OF {list} ON {table} FOR EACH ROW WHEN ({changed}) EXECUTE FUNCTION {counts}_changed();";
        }
    }
}
