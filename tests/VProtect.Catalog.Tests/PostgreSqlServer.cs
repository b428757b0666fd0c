using System.Diagnostics;
using Npgsql;

namespace VProtect.Catalog.Tests;

/// <summary>
/// A PostgreSQL of our own for the tests of this process: a new cluster in a temporary directory, reached by a socket there. A shell holds it and
/// takes it down when its standard input ends, which happens however this process ends.
/// </summary>
internal sealed class PostgreSqlServer
{
    // $1 directory, $2 binaries, the rest: what runs a command as a user that may run the server (it refuses root).
    private const string Script =
        """
        dir=$1 bin=$2; shift 2
        stop() { "$@" "$bin/pg_ctl" -D "$dir/data" -m immediate stop >/dev/null 2>&1; rm -rf "$dir"; }
        "$@" "$bin/initdb" -D "$dir/data" -U vprotect -A trust -E UTF8 --locale=C.UTF-8 --no-sync >"$dir/log" 2>&1 &&
        "$@" "$bin/pg_ctl" -D "$dir/data" -l "$dir/server.log" -w start \
          -o "-k $dir -c listen_addresses='' -c fsync=off -c shared_buffers=64MB -c max_connections=60" >>"$dir/log" 2>&1 ||
          { cat "$dir/log" "$dir/server.log"; stop "$@"; exit 1; }
        echo ready
        cat >/dev/null
        stop "$@"
        """;

    private static readonly Lazy<PostgreSqlServer> Running = new(Start);
    private static int s_databases;

    private readonly string _directory;

    // Held for as long as the tests run: were it collected, its standard input would end.
    private readonly Process _shell;

    private PostgreSqlServer(string directory, Process shell)
    {
        _directory = directory;
        _shell = shell;
        Execute("postgres", "CREATE DATABASE migrated");
        CatalogDatabase.OpenAsync(new CatalogOptions { Provider = CatalogProvider.PostgreSql, ConnectionString = ConnectionString("migrated") }, default)
            .GetAwaiter().GetResult().DisposeAsync().AsTask().GetAwaiter().GetResult();
    }

    /// <summary>Makes a database, empty or with the schema in it; returns its connection string.</summary>
    public static string CreateDatabase(bool migrated)
    {
        PostgreSqlServer server = Running.Value;
        string name = $"test_{Interlocked.Increment(ref s_databases)}";
        GC.KeepAlive(server._shell);
        lock (server)
        {
            server.Execute("postgres", $"CREATE DATABASE {name} TEMPLATE {(migrated ? "migrated" : "template0")}");
        }

        return server.ConnectionString(name);
    }

    private static PostgreSqlServer Start()
    {
        string binaries = Directory.GetDirectories("/usr/lib/postgresql").Order().Select(version => Path.Combine(version, "bin")).Last();
        string directory = Directory.CreateTempSubdirectory("vprotect-pg-").FullName;
        string[] runAs = Environment.UserName == "root" ? ["runuser", "-u", "postgres", "--"] : ["env"];
        if (Environment.UserName == "root")
        {
            using var chown = Process.Start("chown", ["postgres", directory]);
            chown.WaitForExit();
        }

        var shell = Process.Start(new ProcessStartInfo("sh", ["-c", Script, "sh", directory, binaries, .. runAs])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            WorkingDirectory = "/",
        })!;
        string? first = shell.StandardOutput.ReadLine();
        if (first != "ready")
        {
            throw new InvalidOperationException($"PostgreSQL did not start: {first} {shell.StandardOutput.ReadToEnd()}");
        }

        return new PostgreSqlServer(directory, shell);
    }

    private string ConnectionString(string database) => new NpgsqlConnectionStringBuilder
    {
        Host = _directory,
        Username = "vprotect",
        Database = database,
        Pooling = true,
        MaxPoolSize = 12,
        ConnectionIdleLifetime = 1,
        ConnectionPruningInterval = 1,
    }.ToString();

    private void Execute(string database, string sql)
    {
        using var connection = new NpgsqlConnection(ConnectionString(database) + ";Pooling=false");
        connection.Open();
        using NpgsqlCommand command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
