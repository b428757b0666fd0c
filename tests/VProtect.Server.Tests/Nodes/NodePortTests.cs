using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using VProtect.Abstractions;
using VProtect.Abstractions.Nodes;
using VProtect.Abstractions.Nodes.Wire;
using VProtect.Catalog.Nodes;
using VProtect.Catalog.Tasks;
using VProtect.Node.Remote;
using VProtect.Server.Api.Settings;
using VProtect.Server.Monitoring;
using VProtect.Server.Nodes;
using VProtect.Server.Tests.Tasks;
using VProtect.Testing;
using CatalogNode = VProtect.Catalog.Nodes.Node;

namespace VProtect.Server.Tests.Nodes;

/// <summary>Goal: a node comes in by its token and nothing else, and does its work over a real connection. Method: the port for nodes beside a server, and the node's own client.</summary>
public sealed class NodePortTests : IAsyncLifetime, IDisposable
{
    private static readonly MountsStatus Mounts = new() { Count = 3, MemoryBytes = 1, MemoryBytesMax = 2, FileBytes = 4, FileBytesMax = 5, ChunksFromMemory = 6, ChunksFromFile = 7, ChunksFromRepositories = 8 };

    private readonly TemporaryDirectory _directory = new();
    private readonly NodeConfig _config = new() { Name = "site2" };
    private TestEngine _engine = null!;
    private string _server = "";

    public async Task InitializeAsync()
    {
        _engine = await TestEngine.StartAsync();
        await SetAddressAsync("127.0.0.1:0");
        await _engine.WriteAsync(async transaction =>
        {
            await _engine.Get<NodeAuthority>().EnsureAsync(transaction, default);
            await transaction.NodeConfigs.InsertAsync(_config, default);
            await transaction.Destinations.SetNodeConfigsAsync(_engine.Destination.Guid, [_config.Guid], default);
            await transaction.HypervisorManagers.UpdateAsync(await transaction.HypervisorManagers.GetAsync(_engine.Manager.Guid, default) with { NodeConfigGuid = _config.Guid }, default);
        });
        _server = $"127.0.0.1:{await _engine.Get<NodePort>().OpenAsync(default)}";
    }

    public async Task DisposeAsync() => await _engine.DisposeAsync();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Joins_does_a_backup_and_its_certificate_is_renewed()
    {
        NodeIdentity identity = await JoinAsync("site2");
        using HttpNodeChannel channel = ChannelOf(identity);
        CatalogTask task = await _engine.BackUpAsync();
        TaskOrder order = await LeaseAsync(channel);
        Assert.Equal(task.Guid.ToString("D"), order.TaskGuid);
        Assert.Equal("fake://one", Assert.IsType<BackupWork>(order.Work).Platform.Address);
        Assert.Equal(TaskDirective.Continue, await channel.ReportAsync(Report(order), default));
        CatalogNode node = await NodeAsync(identity);
        Assert.Equal((NodeState.Online, "127.0.0.1"), (node.State, node.Address));
        Assert.Equal(Mounts, _engine.Get<NodeMounts>().Of(node.Guid));

        // The certificate that it had counts until the other was used.
        using HttpNodeChannel before = ChannelOf(NodeIdentity.Open(_directory["site2"]));
        await channel.RenewNowAsync(default);
        Assert.Equal(TaskDirective.Continue, await before.ReportAsync(Report(order), default));
        using HttpNodeChannel renewed = ChannelOf(NodeIdentity.Open(_directory["site2"]));
        Assert.Equal(TaskDirective.Continue, await renewed.ReportAsync(Report(order), default));
        Assert.Equal(ErrorCode.Forbidden, await RefusedAsync(before.ReportAsync(Report(order), default).AsTask()));

        await renewed.CompleteAsync(
            new Abstractions.Nodes.TaskOutcome { TaskGuid = order.TaskGuid, Attempt = order.Attempt, End = TaskEnd.Succeeded, Result = ScriptedNode.Backup("point-1") }, default);
        Assert.Equal("point-1", (await _engine.PointAsync(await _engine.TaskAsync(task.Guid))).RepositoryPointId);
    }

    [Fact]
    public async Task Order_whose_answer_was_lost_is_given_again()
    {
        NodeIdentity identity = await JoinAsync("site2");
        CatalogTask task = await _engine.BackUpAsync();
        using NodeHttp http = HttpOf(identity);
        TaskOrder first = await AskAsync("one");
        Assert.Equal(task.Guid.ToString("D"), first.TaskGuid);
        TaskOrder again = await AskAsync("one");
        Assert.Equal((first.TaskGuid, first.Attempt), (again.TaskGuid, again.Attempt));

        // Another question has another answer.
        CatalogTask other = await _engine.BackUpAsync(machine: await AddMachineAsync());
        Assert.Equal(other.Guid.ToString("D"), (await AskAsync("two", first.TaskGuid)).TaskGuid);

        async Task<TaskOrder> AskAsync(string question, params string[] running) => (await http.CallAsync(
            _server, "lease", Status(running), NodeWireJson.Default.NodeStatus, NodeWireJson.Default.LeaseAnswer, question, default)).Order!;
    }

    [Fact]
    public async Task Token_is_spent_once_for_one_key_and_ends()
    {
        JoinToken token = await TokenAsync("site2");
        using var trusted = X509Certificate2.CreateFromPem(_engine.Get<NodeAuthority>().Pem);
        using var http = new NodeHttp(trusted, certificate: null);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var weak = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        Assert.Equal(ErrorCode.Forbidden, await RefusedAsync(EnrolAsync(JoinToken.New(token.AuthorityHash).Secret, key)));
        Assert.Equal(ErrorCode.InvalidArgument, await RefusedAsync(EnrolAsync(token.Secret, weak)));
        EnrolAnswer joined = await EnrolAsync(token.Secret, key);
        Assert.Equal(joined.Node, (await EnrolAsync(token.Secret, key)).Node);
        Assert.Equal(ErrorCode.Forbidden, await RefusedAsync(EnrolAsync(token.Secret, other)));

        // An hour later not even the same key.
        _engine.Time.Advance(NodeEnrolment.TokenTime + TimeSpan.FromSeconds(1));
        Assert.Equal(ErrorCode.Forbidden, await RefusedAsync(EnrolAsync(token.Secret, key)));

        Task<EnrolAnswer> EnrolAsync(string secret, ECDsa with) => http.CallAsync(
            _server, "enrol", new EnrolRequest(secret, Convert.ToBase64String(with.ExportSubjectPublicKeyInfo()), "1.0"), NodeWireJson.Default.EnrolRequest, NodeWireJson.Default.EnrolAnswer,
            leaseNumber: null, default);
    }

    [Fact]
    public async Task Token_is_not_shown_to_another_server()
    {
        JoinToken token = await TokenAsync("site2");
        string elsewhere = JoinToken.New(Convert.ToHexString(RandomNumberGenerator.GetBytes(32))).ToWord();
        Assert.Equal(ErrorCode.ServerUntrusted, await RefusedAsync(NodeJoin.JoinAsync(_directory["site2"], _server, elsewhere, default)));
        Assert.Equal(ErrorCode.OptionInvalid, await RefusedAsync(NodeJoin.JoinAsync(_directory["site2"], _server, token.ToWord()[..^1], default)));
        Assert.False(Directory.Exists(_directory["site2"]));
        Assert.Equal(ErrorCode.ServerUnreachable, await RefusedAsync(NodeJoin.JoinAsync(_directory["site2"], "127.0.0.1:1", token.ToWord(), default)));
    }

    [Fact]
    public async Task Only_a_certificate_that_counts_now_opens_the_port()
    {
        NodeIdentity identity = await JoinAsync("site2");
        using HttpNodeChannel channel = ChannelOf(identity);
        Assert.Equal(TaskDirective.Abandon, await channel.ReportAsync(Unknown(), default));

        // None at all; one that names the node but is somebody else's; the server's own.
        using (var trusted = X509Certificate2.CreateFromPem(identity.Authority))
        using (var nobody = new NodeHttp(trusted, certificate: null))
        using (X509Certificate2 foreign = SelfSigned(identity.Guid))
        using (X509Certificate2 port = _engine.Get<NodeAuthority>().IssuePort())
        using (var stranger = new NodeHttp(trusted, () => foreign))
        using (var server = new NodeHttp(trusted, () => port))
        {
            Assert.Equal(ErrorCode.Forbidden, await RefusedAsync(StopsAsync(nobody)));
            Assert.Equal(ErrorCode.ServerUnreachable, await RefusedAsync(StopsAsync(stranger)));
            Assert.Equal(ErrorCode.ServerUnreachable, await RefusedAsync(StopsAsync(server)));
        }

        // Joined anew: what another machine holds of this node is void.
        NodeIdentity again = await JoinAsync("elsewhere", identity.Guid);
        Assert.Equal(identity.Guid, again.Guid);
        Assert.Equal(ErrorCode.Forbidden, await RefusedAsync(channel.WaitForStopsAsync(default).AsTask()));
        using HttpNodeChannel next = ChannelOf(again);
        Assert.Equal(TaskDirective.Abandon, await next.ReportAsync(Unknown(), default));

        // Over; the connection stays, so it is asked for by a new one.
        _engine.Time.Advance(NodeAuthority.NodeValidity + TimeSpan.FromDays(1));
        using HttpNodeChannel late = ChannelOf(again);
        Assert.Equal(ErrorCode.ServerUnreachable, await RefusedAsync(late.WaitForStopsAsync(default).AsTask()));
        _engine.Time.Advance(TimeSpan.FromDays(-NodeAuthority.NodeValidity.TotalDays));

        // Removed.
        await _engine.WriteAsync(transaction => transaction.Nodes.DeleteAsync(Guid.Parse(again.Guid), version: null, default));
        Assert.Equal(ErrorCode.Forbidden, await RefusedAsync(next.WaitForStopsAsync(default).AsTask()));

        Task<StopsAnswer> StopsAsync(NodeHttp http) => http.CallAsync(
            _server, "stops", new EmptyMessage(), NodeWireJson.Default.EmptyMessage, NodeWireJson.Default.StopsAnswer, leaseNumber: null, default);
    }

    [Fact]
    public async Task Port_knows_nothing_of_users_and_speaks_nothing_old()
    {
        using HttpClient nobody = Client(SslProtocols.Tls13, HttpVersion.Version20);
        foreach (string path in (string[])["/api/nodes", "/health", "/ui/", "/metrics", "/node/v1/", "/node/v2/lease", "/node/v1/lease/../authority"])
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri($"https://{_server}{path}")) { Version = HttpVersion.Version20, Headers = { { "Authorization", "Bearer x" } } };
            using HttpResponseMessage answer = await nobody.SendAsync(request);
            Assert.True(answer.StatusCode is HttpStatusCode.Forbidden || path.EndsWith("authority", StringComparison.Ordinal), $"{path}: {answer.StatusCode}");
        }

        using (HttpResponseMessage read = await nobody.GetAsync(new Uri($"https://{_server}/node/v1/authority")))
        {
            Assert.Equal(HttpStatusCode.Forbidden, read.StatusCode);
        }

        string deep = string.Concat(Enumerable.Repeat("[", 5000));
        foreach (string body in (string[])["", "null", "{", "[]", "{\"secret\":null}", $"{{\"secret\":{deep}"])
        {
            using var content = new StringContent(body);
            using HttpResponseMessage answer = await nobody.PostAsync(new Uri($"https://{_server}/node/v1/enrol"), content);
            Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        }

        using HttpClient old = Client(SslProtocols.Tls12, HttpVersion.Version20);
        await Assert.ThrowsAsync<HttpRequestException>(() => old.GetAsync(new Uri($"https://{_server}/node/v1/authority")));
        using HttpClient plain = Client(SslProtocols.Tls13, HttpVersion.Version11);
        await Assert.ThrowsAsync<HttpRequestException>(() => plain.GetAsync(new Uri($"https://{_server}/node/v1/authority")));
    }

    [Fact]
    public async Task Port_follows_its_setting()
    {
        NodeIdentity identity = await JoinAsync("site2");
        using HttpNodeChannel channel = ChannelOf(identity);
        await SetAddressAsync("");
        Assert.Equal(ErrorCode.OptionInvalid, await RefusedAsync(_engine.Get<NodePort>().OpenAsync(default)));
        Assert.Equal(ErrorCode.ServerUnreachable, await RefusedAsync(channel.WaitForStopsAsync(default).AsTask()));
        await SetAddressAsync("[::1]:0");
        int port = await _engine.Get<NodePort>().OpenAsync(default);

        // The node is told where its server is now, and goes on in the same process.
        await NodeJoin.MoveAsync(_directory["site2"], $"[::1]:{port}", default);
        Assert.Equal(ErrorCode.ServerUnreachable, await RefusedAsync(channel.WaitForStopsAsync(default).AsTask()));
        Assert.Equal(TaskDirective.Abandon, await channel.ReportAsync(Unknown(), default));
    }

    private static NodeStatus Status(params string[] running) => new("1.0", running, SlotsFree: 4, ["FAKE"]) { Mounts = Mounts };

    private static TaskReport Report(TaskOrder order) => new() { TaskGuid = order.TaskGuid, Attempt = order.Attempt, Stage = "read" };

    /// <summary>A report of no task: whoever is let in is told to abandon it.</summary>
    private static TaskReport Unknown() => new() { TaskGuid = Guid.NewGuid().ToString(), Attempt = 1, Stage = "read" };

    private static HttpNodeChannel ChannelOf(NodeIdentity identity) => new(identity, NullLogger.Instance, TimeProvider.System);

    private static NodeHttp HttpOf(NodeIdentity identity) => new(X509Certificate2.CreateFromPem(identity.Authority), () => identity.Certificate);

    private static async Task<ErrorCode> RefusedAsync(Task call) => (await Assert.ThrowsAsync<VProtectException>(() => call.WaitAsync(TimeSpan.FromSeconds(60)))).Code;

    private static async Task<TaskOrder> LeaseAsync(HttpNodeChannel channel)
    {
        while (true)
        {
            if (await channel.LeaseAsync(Status(), default) is { } order)
            {
                return order;
            }
        }
    }

    private static X509Certificate2 SelfSigned(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return new CertificateRequest($"CN={name}, O=VProtect", key, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
    }

    private static HttpClient Client(SslProtocols protocol, Version version) => new(new SocketsHttpHandler
    {
        SslOptions = new SslClientAuthenticationOptions { EnabledSslProtocols = protocol, RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null },
    })
    {
        DefaultRequestVersion = version,
        DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        Timeout = TimeSpan.FromSeconds(30),
    };

    private async Task<NodeIdentity> JoinAsync(string name, string? node = null) =>
        await NodeJoin.JoinAsync(_directory[name], _server, (await TokenAsync(name, node)).ToWord(), default);

    private Task<JoinToken> TokenAsync(string name, string? guid = null) => _engine.WriteAsync(async transaction =>
    {
        (CatalogNode node, JoinToken token) = _engine.Get<NodeEnrolment>().NewToken(guid is null
            ? new CatalogNode { Name = name, State = NodeState.Pending, EnrolledAt = _engine.Time.GetUtcNow(), NodeConfigGuid = _config.Guid }
            : await transaction.Nodes.GetAsync(Guid.Parse(guid), default));
        await (guid is null ? transaction.Nodes.InsertAsync(node, default) : transaction.Nodes.UpdateAsync(node, default));
        return token;
    });

    private Task<CatalogNode> NodeAsync(NodeIdentity identity) => _engine.ReadAsync(session => session.Nodes.GetAsync(Guid.Parse(identity.Guid), default));

    private async Task<Catalog.Inventory.Machine> AddMachineAsync()
    {
        Catalog.Inventory.Machine machine = _engine.NewMachine("other");
        await _engine.WriteAsync(transaction => transaction.Machines.InsertAsync(machine, default));
        return machine;
    }

    private async Task SetAddressAsync(string address)
    {
        await _engine.WriteAsync(transaction => transaction.Settings.SetAsync(
            LiveSettings.Key, JsonSerializer.Serialize(new GlobalSettings { NodeAddress = address }, JsonSerializerOptions.Web), version: null, default));
        await _engine.Get<LiveSettings>().ReloadAsync(_engine.Catalog, default);
    }
}
