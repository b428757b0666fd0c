using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using VProtect.Abstractions;
using VProtect.Abstractions.Nodes;
using VProtect.Catalog;
using VProtect.Catalog.Access;
using VProtect.Catalog.Destinations;
using VProtect.Catalog.Inventory;
using VProtect.Catalog.Sql;
using VProtect.Server.Access;
using VProtect.Server.Access.Ldap;
using VProtect.Server.Monitoring.Telemetry;
using VProtect.Server.Nodes;
using VProtect.Server.Rebuild;
using VProtect.Server.Tasks;
using VProtect.Server.Tests.Api;
using VProtect.Testing;

namespace VProtect.Server.Tests.Access;

/// <summary>
/// Goal: no secret is ever lost while the key of secrets changes, whenever that ends. Method: an appliance with a secret of every kind; at each step of a rotation
/// its directory is copied as kill -9 would leave it, and an appliance started from each copy opens all of them.
/// </summary>
public sealed class KeyRotationTests : IAsyncLifetime, IDisposable
{
    private const string Secret = "opens the lab";
    private const string PassPhrase = "opens the repository";
    private const string Header = "opens the receiver";
    private const string DirectoryPassword = "opens the directory";

    private readonly ServerFixture _server = new();
    private readonly TemporaryDirectory _left = new();
    private readonly SecondFactor _factor = SecondFactor.New();
    private Guid _credential;
    private Guid _destination;
    private Guid _user;

    public async Task InitializeAsync()
    {
        await _server.InitializeAsync();
        _credential = Guid.Parse((await (await _server.Client.PostAsJsonAsync(
            "/api/credential", new { name = "lab", kind = "PASSWORD", login = "root", secret = Secret })).JsonAsync()).GetProperty("guid").GetString()!);
        var destination = new Destination { Name = "main", Type = "FILESYSTEM", Settings = """{"path":"/nowhere"}""" };
        _destination = destination.Guid;
        await _server.WriteAsync(transaction => transaction.Destinations.InsertAsync(
            destination with { SealedKey = Box.Seal(Encoding.UTF8.GetBytes(PassPhrase), References.PurposeOfDestination(destination.Guid)) }, default));
        await _server.WriteAsync(async transaction =>
        {
            User user = (await transaction.Users.FindByLoginAsync("admin", default))!;
            _user = user.Guid;
            await transaction.Users.UpdateAsync(user with { SealedTotp = _factor.Seal(user.Guid, Box) }, default);
        });
        (await _server.Client.PutAsJsonAsync("/api/directory", new { url = "ldaps://ldap.example.org", bindDn = "cn=reader", userBase = "dc=example", password = DirectoryPassword }))
            .EnsureSuccessStatusCode();
        (await _server.Client.PutAsJsonAsync("/api/telemetry", new { endpoint = "https://otlp.example.org", headers = new { Authorization = Header } })).EnsureSuccessStatusCode();
        await _server.WriteAsync(transaction => Services.GetRequiredService<NodeAuthority>().EnsureAsync(transaction, default));
        await Services.GetRequiredService<AuditHead>().LookAsync(default);
    }

    public Task DisposeAsync() => _server.DisposeAsync();

    public void Dispose() => _left.Dispose();

    [Fact]
    public async Task Every_secret_is_sealed_with_a_new_key_and_the_one_before_opens_nothing()
    {
        byte[] before = await File.ReadAllBytesAsync(KeyPath);
        File.Copy(KeyPath, _left["before.key"]);
        Directory.CreateDirectory(_left["recovered"]);
        IReadOnlyList<ApplianceFile> copy = await Services.GetRequiredService<IApplianceFiles>().WriteAsync(_left["recovered/catalog.db"], default);
        string etag = (await _server.Client.GetAsync($"/api/credential/{_credential}")).Headers.ETag!.ToString();

        JsonElement answer = await (await _server.Client.PostAsJsonAsync("/api/appliance/rotate-key", new { })).JsonAsync();

        Assert.Equal(6, answer.GetProperty("secrets").GetInt32());
        Assert.NotEqual(before, await File.ReadAllBytesAsync(KeyPath));
        Assert.False(File.Exists(KeyPath + ".next"));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, new FileInfo(KeyPath).UnixFileMode);
        await AssertOpensAsync(Services.GetRequiredService<CatalogDatabase>(), SecretBox.Open(KeyPath));
        await using (CatalogSession session = await Services.GetRequiredService<CatalogDatabase>().ReadAsync(default))
        {
            var old = SecretBox.Open(_left["before.key"]);
            Assert.All(await session.SealedSecrets.AllAsync(default), secret => Assert.False(old.Opens(secret.Sealed, PurposeOf(secret))));
        }

        Assert.Equal("secret-key.rotate", (await _server.Client.GotAsync("/api/audit?size=1")).EnumerateArray().First().Text("action"));
        Assert.True((await (await _server.Client.PostAsync("/api/audit/verify", content: null)).JsonAsync()).GetProperty("whole").GetBoolean());
        using (AuditHead another = new(
            Services.GetRequiredService<CatalogDatabase>(), Services.GetRequiredService<VProtect.Server.Hosting.DataDirectory>(), SecretBox.Open(KeyPath), _server.Time,
            Microsoft.Extensions.Logging.Abstractions.NullLogger<AuditHead>.Instance))
        {
            Assert.Empty((await another.VerifyAsync(default)).Findings);
        }

        // A copy of the appliance that was made before is recovered with the key that is in it.
        await ApplianceRecovery.FinishAsync(_left["recovered"], copy, latestLife: 1, "of another repository", "/elsewhere", default);
        Assert.Equal(before, await File.ReadAllBytesAsync(_left["recovered/secret.key"]));
        Assert.Contains("audit.head", copy.Select(file => file.Name));
        await using (CatalogDatabase recovered = await CatalogDatabase.OpenAsync(new CatalogOptions { Path = _left["recovered/catalog.db"] }, default))
        {
            await AssertOpensAsync(recovered, SecretBox.Open(_left["recovered/secret.key"]));
        }

        // Who had read a row before cannot write the old bytes back.
        using HttpResponseMessage late = await _server.Client.PutWithVersionAsync($"/api/credential/{_credential}", new { login = "other" }, etag);
        await late.ProblemAsync(System.Net.HttpStatusCode.PreconditionFailed, (int)ErrorCode.CatalogConflict);
        Assert.Equal(6, (await (await _server.Client.PostAsJsonAsync("/api/appliance/rotate-key", new { })).JsonAsync()).GetProperty("secrets").GetInt32());
    }

    [Fact]
    public async Task Killed_at_any_step_it_is_ended_by_the_next_start_and_no_secret_is_lost()
    {
        var steps = new List<KeyRotationStep>();
        Rotation.Reached = step =>
        {
            steps.Add(step);
            CopyTo(_left[step.ToString()]);
        };
        (await _server.Client.PostAsJsonAsync("/api/appliance/rotate-key", new { })).EnsureSuccessStatusCode();
        Assert.Equal(Enum.GetValues<KeyRotationStep>(), steps);

        foreach (KeyRotationStep step in steps)
        {
            string path = _left[step.ToString()];
            bool wasBegun = step is not (KeyRotationStep.Checked or KeyRotationStep.Done);
            Assert.Equal(wasBegun, File.Exists(Path.Join(path, "secret.key.next")));
            byte[] key = await File.ReadAllBytesAsync(Path.Join(path, wasBegun ? "secret.key.next" : "secret.key"));

            var options = new ServerOptions { DataPath = path, Time = _server.Time, FirstPassword = _ => { } };
            await using WebApplication started = await ServerHost.BuildAsync(options, builder => builder.WebHost.UseTestServer(), CancellationToken.None);
            Assert.Equal(key, await File.ReadAllBytesAsync(Path.Join(path, "secret.key")));
            Assert.False(File.Exists(Path.Join(path, "secret.key.next")));
            CatalogDatabase catalog = started.Services.GetRequiredService<CatalogDatabase>();
            await AssertOpensAsync(catalog, SecretBox.Open(Path.Join(path, "secret.key")));
            Assert.Empty((await started.Services.GetRequiredService<AuditHead>().VerifyAsync(default)).Findings);
            await using CatalogSession session = await catalog.ReadAsync(default);
            Assert.Equal(step == KeyRotationStep.Checked ? 0 : 1, (await session.Audit.ListAsync(null, "secret-key.rotate", null, null, 10, default)).Count);
        }
    }

    [Fact]
    public async Task Secret_that_does_not_open_is_named_and_nothing_is_changed_and_the_check_tells_of_it_and_of_damage()
    {
        JsonElement whole = await (await _server.Client.PostAsJsonAsync("/api/appliance/check", new { })).JsonAsync();
        Assert.True(whole.GetProperty("whole").GetBoolean(), whole.ToString());
        byte[] before = await File.ReadAllBytesAsync(KeyPath);
        await _server.WriteAsync(async transaction =>
        {
            Credential credential = await transaction.Credentials.GetAsync(_credential, default);
            credential.Sealed[^1] ^= 1;
            await transaction.Credentials.UpdateAsync(credential, default);
        });

        using HttpResponseMessage answer = await _server.Client.PostAsJsonAsync("/api/appliance/rotate-key", new { });

        Assert.False(answer.IsSuccessStatusCode);
        Assert.Contains($"credentials:{_credential}", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(before, await File.ReadAllBytesAsync(KeyPath));
        Assert.False(File.Exists(KeyPath + ".next"));
        Assert.Contains($"credentials:{_credential}", await FindingAsync(), StringComparison.Ordinal);
        using (var connection = new SqliteConnection($"Data Source={Path.Join(_server.DataPath, "catalog.db")};Pooling=false;Foreign Keys=False"))
        {
            connection.Open();
            using SqliteCommand command = connection.CreateCommand();
            command.CommandText = "INSERT INTO role_permissions (role_guid, permission) VALUES ('nobody', 'tasks.read')";
            Assert.Equal(1, command.ExecuteNonQuery());
        }

        Assert.Contains("role_permissions", await FindingAsync(), StringComparison.Ordinal);

        async Task<string> FindingAsync()
        {
            JsonElement check = await (await _server.Client.PostAsJsonAsync("/api/appliance/check", new { })).JsonAsync();
            Assert.False(check.GetProperty("whole").GetBoolean());
            return Assert.Single(check.GetProperty("findings").EnumerateArray()).GetString()!;
        }
    }

    [Fact]
    public async Task Failing_it_keeps_both_keys_and_goes_on_with_the_same_new_one()
    {
        Rotation.Reached = step =>
        {
            if (step == KeyRotationStep.Sealed)
            {
                throw new IOException("no more");
            }
        };
        await Assert.ThrowsAsync<IOException>(() => Rotation.RotateAsync((_, _) => Task.CompletedTask, default));
        byte[] next = await File.ReadAllBytesAsync(KeyPath + ".next");
        await AssertOpensAsync(Services.GetRequiredService<CatalogDatabase>(), Box);

        // What is sealed meanwhile is sealed with the next key, and opens after a restart as well.
        (await _server.Client.PutAsJsonAsync($"/api/credential/{_credential}", new { secret = Secret })).EnsureSuccessStatusCode();
        await AssertOpensAsync(Services.GetRequiredService<CatalogDatabase>(), SecretBox.Open(KeyPath));

        Rotation.Reached = _ => { };
        Assert.Equal(5, await Rotation.RotateAsync((_, _) => Task.CompletedTask, default));
        Assert.Equal(next, await File.ReadAllBytesAsync(KeyPath));
        await AssertOpensAsync(Services.GetRequiredService<CatalogDatabase>(), SecretBox.Open(KeyPath));
    }

    private IServiceProvider Services => _server.App.Services;

    private KeyRotation Rotation => Services.GetRequiredService<KeyRotation>();

    private SecretBox Box => Services.GetRequiredService<SecretBox>();

    private string KeyPath => Path.Join(_server.DataPath, "secret.key");

    private static string PurposeOf(SealedSecret secret) => secret.Table switch
    {
        "credentials" => References.PurposeOfCredential(secret.Guid),
        "destinations" => References.PurposeOfDestination(secret.Guid),
        _ => SecondFactor.PurposeOf(secret.Guid),
    };

    private async Task AssertOpensAsync(CatalogDatabase catalog, SecretBox box)
    {
        await using CatalogSession session = await catalog.ReadAsync(default);
        Credential credential = await session.Credentials.GetAsync(_credential, default);
        Assert.Equal(Secret, Encoding.UTF8.GetString(box.Unseal(credential.Sealed, References.PurposeOfCredential(_credential))));
        Destination destination = (await session.Destinations.ListAsync(new ListQuery(), default)).Rows.Single(row => row.Guid == _destination);
        Assert.Equal(PassPhrase, Encoding.UTF8.GetString(box.Unseal(destination.SealedKey, References.PurposeOfDestination(_destination))));
        Assert.Equal(_factor.Secret, SecondFactor.Of(await session.Users.GetAsync(_user, default), box)!.Secret);
        (DirectorySettings settings, _) = await UserDirectory.ReadAsync(session, default);
        Assert.Equal(DirectoryPassword, Encoding.UTF8.GetString(box.Unseal(settings.SealedPassword, DirectorySettings.Key)));
        Assert.Equal(Header, (await TelemetrySettings.ReadAsync(session, default)).Settings.Headers(box)["authorization"]);
        await new NodeAuthority(box, TimeProvider.System).LoadAsync(session, default);
    }

    /// <summary>What kill -9 leaves: files as they are, the catalog with its log and without what was not committed.</summary>
    private void CopyTo(string path)
    {
        Directory.CreateDirectory(path);
        foreach (string file in Directory.GetFiles(_server.DataPath).Where(file => !file.EndsWith("-shm", StringComparison.Ordinal)))
        {
            File.Copy(file, Path.Join(path, Path.GetFileName(file)));
        }
    }
}
