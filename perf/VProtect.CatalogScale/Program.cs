// The catalog at scale: fills one, then times every list call, claims and commits.
//   VProtect.CatalogScale sqlite|postgresql MACHINES POINTS ITERATIONS [FILE]
//   VProtect.CatalogScale rest MACHINES POINTS ITERATIONS        the same in SQLite, and then the list calls of the REST API
//   VProtect.CatalogScale fill MACHINES POINTS TASKS FILE        fills the file and ends: a catalog for an appliance to be started with, without queued work
//   VProtect.CatalogScale feed MACHINES POINTS ITERATIONS        an appliance that has so much joins a server that has a tenth of it (SQLite)
// PostgreSQL is the one that PGHOST, PGPORT, PGUSER, PGPASSWORD and PGDATABASE tell of; pg_virtualenv sets them:
//   pg_virtualenv VProtect.CatalogScale postgresql 10000 1000000 200
using System.Diagnostics;
using System.Globalization;
using Npgsql;
using VProtect.Catalog;
using VProtect.Catalog.Tasks;
using VProtect.CatalogScale;

if (args is ["fill", var ofMachines, var ofPoints, var ofTasks, var path])
{
    await using CatalogDatabase filled = await CatalogDatabase.OpenAsync(new CatalogOptions { Path = path }, default);
    await new Generator(filled, Whole(ofMachines), Whole(ofPoints)).FillForShowAsync(Whole(ofTasks));
    await filled.MaintainAsync(default);
    return;
}

if (args is ["feed", var toldMachines, var toldPoints, var times])
{
    string place = Directory.CreateTempSubdirectory("vprotect-catalog-").FullName;
    await new FeedRun(place, Whole(toldMachines), Whole(toldPoints), Whole(times)).RunAsync();
    Directory.Delete(place, recursive: true);
    return;
}

bool rest = args is ["rest", ..];
bool sqlite = rest || args is [] or ["sqlite", ..];
int machines = args.Length > 1 ? Whole(args[1]) : 1000;
int points = args.Length > 2 ? Whole(args[2]) : 100_000;
int iterations = args.Length > 3 ? Whole(args[3]) : 100;
string directory = Directory.CreateTempSubdirectory("vprotect-catalog-").FullName;
string file = args.Length > 4 ? args[4] : Path.Combine(directory, "catalog.db");
string Env(string name, string otherwise) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : otherwise;
CatalogOptions options = sqlite
    ? new CatalogOptions { Path = file }
    : new CatalogOptions
    {
        Provider = CatalogProvider.PostgreSql,
        ConnectionString = new NpgsqlConnectionStringBuilder
        {
            Host = Env("PGHOST", "/var/run/postgresql"),
            Port = int.Parse(Env("PGPORT", "5432"), CultureInfo.InvariantCulture),
            Username = Env("PGUSER", "postgres"),
            Password = Env("PGPASSWORD", ""),
            Database = Env("PGDATABASE", "postgres"),
        }.ToString(),
    };

Console.WriteLine($"{(sqlite ? "SQLite" : "PostgreSQL")}, {machines:n0} machines, {points:n0} restore points, {iterations} calls each, {Environment.ProcessorCount} processors, load {File.ReadAllText("/proc/loadavg").Split(' ')[0]}\n");
var watch = Stopwatch.StartNew();
CatalogDatabase database = await CatalogDatabase.OpenAsync(options, default);
TimeSpan opened = watch.Elapsed;
watch.Restart();
var data = new Generator(database, machines, points);
await data.FillAsync();
TimeSpan filledIn = watch.Elapsed;
TimeSpan filledProcessor = Environment.CpuUsage.TotalTime;
watch.Restart();
await database.MaintainAsync(default);
if (!sqlite)
{
    // As autovacuum would, in its own time.
    await using var connection = new NpgsqlConnection(options.ConnectionString);
    await connection.OpenAsync();
    await using var vacuum = new NpgsqlCommand("VACUUM", connection) { CommandTimeout = 0 };
    await vacuum.ExecuteNonQueryAsync();
}

TimeSpan maintained = watch.Elapsed;
double worst = await new ListCalls(database, data, iterations).RunAsync();

var claim = new TaskClaim { Node = data.Node.Guid, Own = new OwnWork(data.Node.Guid, []), Generation = 1, Types = Enum.GetValues<TaskType>(), NodeRunningMax = 1000, SourceRunningMax = 4 };
double[] claims = new double[iterations];
for (int i = 0; i < iterations; i++)
{
    watch.Restart();
    await using CatalogTransaction tx = await database.BeginAsync(default);
    CatalogTask? task = await tx.Tasks.ClaimNextAsync(claim, default);
    await tx.CommitAsync(default);
    claims[i] = watch.Elapsed.TotalMilliseconds;
    if (task is null)
    {
        throw new InvalidOperationException("Nothing to claim.");
    }
}

Array.Sort(claims);
Console.WriteLine($"\nclaim of a task among 2000, with commit: p50 {claims[iterations / 2]:f1}, p99 {claims[(int)(iterations * 0.99)]:f1} ms");
Console.WriteLine($"open with migration {opened.TotalMilliseconds:f0} ms; fill {filledIn.TotalSeconds:f0} s ({filledProcessor.TotalSeconds:f0} s of our processor time); statistics {maintained.TotalSeconds:f1} s");
Console.WriteLine($"worst p99 of a list call {worst:f1} ms; load at the end {File.ReadAllText("/proc/loadavg").Split(' ')[0]}");
if (sqlite)
{
    Console.WriteLine($"file {new FileInfo(file).Length >> 20} MiB");
}

await database.DisposeAsync();
if (rest)
{
    Console.WriteLine($"\nREST over HTTPS on the loopback, load {File.ReadAllText("/proc/loadavg").Split(' ')[0]}\n");
    worst = await new RestCalls(data, directory, iterations).RunAsync();
    Console.WriteLine($"\nworst p99 of a REST list call {worst:f1} ms; load at the end {File.ReadAllText("/proc/loadavg").Split(' ')[0]}");
}

Directory.Delete(directory, recursive: true);

static int Whole(string text) => int.Parse(text, CultureInfo.InvariantCulture);
