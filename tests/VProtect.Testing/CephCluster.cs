using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace VProtect.Testing;

/// <summary>A real Ceph cluster of one monitor and one OSD that keeps its objects in memory, in a directory of its own; nothing of the machine's configuration is used.</summary>
public sealed class CephCluster : IDisposable
{
    private const long BytesMax = 512L << 20;

    private readonly TemporaryDirectory _directory = new();

    /// <summary>The pool that it has.</summary>
    public const string Pool = "machines";

    /// <summary>A user who may do with the pool what a hypervisor may.</summary>
    public const string User = "hypervisor";

    /// <summary>The monitor's port on 127.0.0.1.</summary>
    public int Port { get; } = FreePort();

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
            memstore device bytes = {BytesMax}
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

    /// <summary>Runs <c>ceph</c> as its administrator; fails when it fails.</summary>
    public string Ceph(params string[] arguments) => Tool.Run("ceph", ["-c", ConfigPath, "--connect-timeout", "30", .. arguments]);

    /// <summary>Runs <c>rbd</c> as its administrator; fails when it fails.</summary>
    public string Rbd(params string[] arguments) => Tool.Run("rbd", ["-c", ConfigPath, .. arguments]);

    /// <summary>An image as the QEMU tools name it, for the administrator.</summary>
    public string UrlOf(string image) => $"rbd:{Pool}/{image}:conf={ConfigPath}";

    public void Dispose()
    {
        foreach (string name in (string[])["osd.0", "mon.a"])
        {
            if (File.Exists(_directory[$"run/{name}.pid"]))
            {
                Tool.TryRun("kill", "-9", File.ReadAllText(_directory[$"run/{name}.pid"]).Trim());
            }
        }

        _directory.Dispose();
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
