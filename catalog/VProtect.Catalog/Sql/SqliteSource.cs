using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Data.Sqlite;
using VProtect.Abstractions;

namespace VProtect.Catalog.Sql;

/// <summary>
/// A catalog in a file. Write-ahead log, so readers and the writer do not wait for each other; a commit is on disk before it returns
/// (synchronous=FULL: with NORMAL the last commits before a power cut would be lost, and clients have been told of them).
/// </summary>
internal sealed class SqliteSource : ConnectionSource
{
    /// <summary>"VPCT" in the file's header: what the file is. https://www.sqlite.org/fileformat.html offset 68.</summary>
    private const int ApplicationId = 0x5650_4354;

    private readonly CatalogOptions _options;
    private readonly ConcurrentBag<SqliteConnection> _readers = [];
    private readonly SemaphoreSlim _writerFree = new(1);
    private readonly SqliteConnection _writer;
    private bool _disposed;

    private SqliteSource(CatalogOptions options, string path)
    {
        _options = options;
        Place = path;
        _writer = Connection(SqliteOpenMode.ReadWriteCreate);
    }

    public override Dialect Dialect => Dialect.Sqlite;

    public override string Place { get; }

    public static SqliteSource Open(CatalogOptions options)
    {
        if (string.IsNullOrEmpty(options.Path))
        {
            throw new VProtectException(
                ErrorCode.InvalidArgument, ErrorSide.Catalog, "The catalog's file is not given.", $"Set {nameof(CatalogOptions.Path)}.");
        }

        string path = Path.GetFullPath(options.Path);
        var source = new SqliteSource(options, path);
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            source.Prepare();
            return source;
        }
        catch (SqliteException exception)
        {
            source._writer.Dispose();
            throw CatalogErrors.From(Dialect.Sqlite, path, exception);
        }
        catch (Exception exception)
        {
            source._writer.Dispose();
            if (exception is IOException or UnauthorizedAccessException)
            {
                throw CatalogErrors.Unusable($"The catalog's file '{path}' cannot be opened: {exception.Message}", exception);
            }

            throw;
        }
    }

    public override ValueTask<RentedConnection> BeginReadAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (!_readers.TryTake(out SqliteConnection? reader))
        {
            reader = Connection(SqliteOpenMode.ReadOnly);
            OpenConnection(reader);
        }

        SqliteTransaction transaction;
        try
        {
            transaction = reader.BeginTransaction(deferred: true);
        }
        catch
        {
            reader.Dispose();
            throw;
        }

        return ValueTask.FromResult(new RentedConnection(reader, transaction, () =>
        {
            transaction.Dispose();
            if (_disposed)
            {
                reader.Dispose();
            }
            else
            {
                _readers.Add(reader);
            }

            return ValueTask.CompletedTask;
        }));
    }

    public override async ValueTask<RentedConnection> BeginWriteAsync(CancellationToken cancellationToken)
    {
        await _writerFree.WaitAsync(cancellationToken);
        try
        {
            // BEGIN IMMEDIATE: whoever has it may commit; nobody finds out at the end that he may not.
            SqliteTransaction transaction = _writer.BeginTransaction(deferred: false);
            return new RentedConnection(_writer, transaction, () =>
            {
                transaction.Dispose();
                _writerFree.Release();
                return ValueTask.CompletedTask;
            });
        }
        catch
        {
            _writerFree.Release();
            throw;
        }
    }

    public override async Task BackupAsync(string path, CancellationToken cancellationToken)
    {
        // VACUUM INTO reads one instant, without stopping writers, and leaves a file without holes. It refuses to overwrite.
        string unfinished = path + ".new";
        File.Delete(unfinished);
        await using SqliteConnection reader = Connection(SqliteOpenMode.ReadOnly);
        OpenConnection(reader);
        await using SqliteCommand command = reader.CreateCommand();
        command.CommandText = "VACUUM INTO $path";
        command.CommandTimeout = 0;
        command.Parameters.AddWithValue("$path", unfinished);
        await Task.Run(command.ExecuteNonQuery, cancellationToken);
        using (FileStream written = File.Open(unfinished, FileMode.Open, FileAccess.ReadWrite))
        {
            written.Flush(flushToDisk: true);
        }

        File.Move(unfinished, path, overwrite: true);
    }

    public override async Task<IReadOnlyList<string>> CheckAsync(CancellationToken cancellationToken)
    {
        await using SqliteConnection reader = Connection(SqliteOpenMode.ReadOnly);
        OpenConnection(reader);
        List<string> found = [];
        foreach (string check in (string[])["PRAGMA integrity_check", "PRAGMA foreign_key_check"])
        {
            cancellationToken.ThrowIfCancellationRequested();
            await using SqliteCommand command = reader.CreateCommand();
            command.CommandText = check;
            command.CommandTimeout = 0;
            await using SqliteDataReader rows = await Task.Run(command.ExecuteReader, cancellationToken);
            while (rows.Read())
            {
                string row = string.Join(' ', Enumerable.Range(0, rows.FieldCount).Select(i => rows.GetValue(i)));
                if (row != "ok")
                {
                    found.Add(row);
                }
            }
        }

        return found;
    }

    public override async ValueTask DisposeAsync()
    {
        if (_disposed)
        {
            return;
        }

        await _writerFree.WaitAsync();
        _disposed = true;
        while (_readers.TryTake(out SqliteConnection? reader))
        {
            reader.Dispose();
        }

        // The last connection to close moves the log into the file.
        _writer.Dispose();
        _writerFree.Dispose();
    }

    private void Prepare()
    {
        OpenConnection(_writer);
        if (Scalar("SELECT COUNT(*) FROM sqlite_schema") != 0 && Scalar("PRAGMA application_id") is not (0 or ApplicationId))
        {
            throw CatalogErrors.NotOurs(Place);
        }

        Scalar("PRAGMA journal_mode = WAL");
        Scalar(string.Create(CultureInfo.InvariantCulture, $"PRAGMA application_id = {ApplicationId}"));

        // Secrets lie in here, sealed, and hashes of passwords: nobody else's to read.
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(Place, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
    }

    private SqliteConnection Connection(SqliteOpenMode mode) => new(new SqliteConnectionStringBuilder
    {
        DataSource = Place,
        Mode = mode,
        ForeignKeys = true,
        Pooling = false,
        DefaultTimeout = (int)Math.Ceiling(_options.BusyTimeout.TotalSeconds),
    }.ToString());

    private void OpenConnection(SqliteConnection connection)
    {
        connection.Open();
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = string.Create(
            CultureInfo.InvariantCulture,
            $"PRAGMA busy_timeout = {(long)_options.BusyTimeout.TotalMilliseconds}; PRAGMA synchronous = FULL; PRAGMA cache_size = {-_options.CacheBytes / 1024}; PRAGMA temp_store = MEMORY");
        command.ExecuteNonQuery();
    }

    private long Scalar(string sql)
    {
        using SqliteCommand command = _writer.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar() is long number ? number : 0;
    }
}
