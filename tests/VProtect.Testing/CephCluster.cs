using System.Globalization;

namespace VProtect.Testing;

/// <summary>A real Ceph cluster of one monitor and one OSD that keeps its objects in memory, in a directory of its own; nothing of the machine's configuration is used.</summary>
/// <param name="bytesMax">What it has room for.</param>
public sealed class CephCluster(long bytesMax = 512L << 20) : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    /// <summary>The pool that it has.</summary>
    public const string Pool = "machines";

    /// <summary>A user who may do with the pool what a hypervisor may.</summary>
    public const string User = "hypervisor";

    /// <summary>The monitor's port on 127.0.0.1.</summary>
    public int Port { get; } = FreePort.Take();

    /// <summary>The S3 gateway's port on 127.0.0.1, once <see cref="StartGatewayAsync"/> has been called.</summary>
    public int GatewayPort { get; } = FreePort.Take();

    /// <summary>Configuration with the administrator's key.</summary>
    public string ConfigPath => _directory["ceph.conf"];

    /// <summary>The key of <see cref="User"/>, as Base64.</summary>
    public string Key { get; private set; } = "";

    /// <summary>Starts it, and waits until the pool can be used.</summary>
    public async Task StartAsync()
    {
        string d = _directory.Path;
        string fsid = Guid.NewGuid().ToString();
        foreach (string name in (string[])["mon", "osd", "run"])
        {
            Directory.CreateDirectory(_directory[name]);
        }

        File.WriteAllText(ConfigPath, string.Create(CultureInfo.InvariantCulture, $"""
            [global]
            fsid = {fsid}
            mon host = v1:127.0.0.1:{Port}
            mon initial members = a
            public addr = 127.0.0.1
            cluster addr = 127.0.0.1
            auth allow insecure global id reclaim = false
            osd pool default size = 1
            osd pool default min size = 1
            osd pool default pg autoscale mode = off
            osd crush chooseleaf type = 0
            mon allow pool size one = true
            paxos propose interval = 0.05
            paxos min wait = 0.01
            mon data avail warn = 1
            mon data avail crit = 0
            ms bind msgr2 = false
            ms bind ipv6 = false
            osd objectstore = memstore
            memstore device bytes = {bytesMax}
            osd memory target = 939524096
            keyring = {d}/keyring
            log file = {d}/$name.log
            admin socket = {d}/run/$name.asok
            pid file = {d}/run/$name.pid
            run dir = {d}/run
            crash dir = {d}/run
            mon data = {d}/mon
            osd data = {d}/osd
            [client]
            admin socket =
            rbd default features = 61
            [client.gateway]
            rgw data = {d}/rgw
            rgw frontends = beast endpoint=127.0.0.1:{GatewayPort}
            rgw enable usage log = false
            rgw thread pool size = 32

            """));
        Tool.Run("ceph-authtool", "-C", $"{d}/keyring", "-n", "mon.", "--gen-key", "--cap", "mon", "allow *");
        Tool.Run("ceph-authtool", $"{d}/keyring", "-n", "client.admin", "--gen-key", "--cap", "mon", "allow *", "--cap", "osd", "allow *", "--cap", "mgr", "allow *");
        Tool.Run("monmaptool", "--create", "--fsid", fsid, "--addv", "a", $"[v1:127.0.0.1:{Port}]", $"{d}/monmap");
        Tool.Run("ceph-mon", "-c", ConfigPath, "--mkfs", "-i", "a", "--monmap", $"{d}/monmap", "-k", $"{d}/keyring");
        Tool.Run("ceph-mon", "-c", ConfigPath, "-i", "a");
        string osd = Guid.NewGuid().ToString();
        Ceph("osd", "new", osd);
        File.WriteAllText($"{d}/osd/keyring", Ceph("auth", "get-or-create", "osd.0", "mon", "allow profile osd", "osd", "allow *", "mgr", "allow profile osd"));
        Tool.Run("ceph-osd", "-c", ConfigPath, "-i", "0", "--mkfs", "--osd-uuid", osd, "--keyring", $"{d}/osd/keyring");
        Tool.Run("ceph-osd", "-c", ConfigPath, "-i", "0", "--keyring", $"{d}/osd/keyring");
        while (!Ceph("osd", "stat").Contains("1 up", StringComparison.Ordinal))
        {
            await Task.Delay(100);
        }

        Ceph("osd", "pool", "create", Pool, "8", "8");
        Rbd("pool", "init", Pool);
        Key = Ceph("auth", "get-or-create-key", "client." + User, "mon", "profile rbd", "osd", $"profile rbd pool={Pool}").Trim();
    }

    /// <summary>Starts a gateway that speaks S3, with a user of these keys; again, after <see cref="StopGateway"/>, on the same port.</summary>
    public async Task StartGatewayAsync(string accessKey, string secretKey)
    {
        string d = _directory.Path;
        bool isFirst = !Directory.Exists($"{d}/rgw");
        Directory.CreateDirectory($"{d}/rgw");
        if (isFirst)
        {
            Ceph("config", "set", "global", "mon_max_pg_per_osd", "1000");
            Ceph("config", "set", "global", "osd_pool_default_pg_num", "8");
            Ceph("auth", "get-or-create", "client.gateway", "mon", "allow rw", "osd", "allow rwx");
            File.AppendAllText($"{d}/keyring", Ceph("auth", "get", "client.gateway"));
        }

        Tool.Run("radosgw", "-c", ConfigPath, "-n", "client.gateway");
        using var http = new HttpClient();
        while (!await AnswersAsync(http))
        {
            await Task.Delay(100);
        }

        if (isFirst)
        {
            Tool.Run(
                "radosgw-admin", "-c", ConfigPath, "-n", "client.gateway", "user", "create", "--uid=backup", "--display-name=backup",
                $"--access-key={accessKey}", $"--secret-key={secretKey}");
        }
    }

    /// <summary>Kills the gateway.</summary>
    public void StopGateway() => Kill("client.gateway");

    /// <summary>Runs <c>ceph</c> as its administrator; fails when it fails.</summary>
    public string Ceph(params string[] arguments) => Tool.Run("ceph", ["-c", ConfigPath, "--connect-timeout", "30", .. arguments]);

    /// <summary>Runs <c>rbd</c> as its administrator; fails when it fails.</summary>
    public string Rbd(params string[] arguments) => Tool.Run("rbd", ["-c", ConfigPath, .. arguments]);

    /// <summary>An image as the QEMU tools name it, for the administrator.</summary>
    public string UrlOf(string image) => $"rbd:{Pool}/{image}:conf={ConfigPath}";

    public void Dispose()
    {
        foreach (string name in (string[])["client.gateway", "osd.0", "mon.a"])
        {
            Kill(name);
        }

        _directory.Dispose();
    }

    private void Kill(string name)
    {
        if (File.Exists(_directory[$"run/{name}.pid"]))
        {
            Tool.TryRun("kill", "-9", File.ReadAllText(_directory[$"run/{name}.pid"]).Trim());
            File.Delete(_directory[$"run/{name}.pid"]);
        }
    }

    private async Task<bool> AnswersAsync(HttpClient http)
    {
        try
        {
            using HttpResponseMessage answer = await http.GetAsync(new Uri($"http://127.0.0.1:{GatewayPort}/"));
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
