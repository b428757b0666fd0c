using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using VProtect.Abstractions;
using VProtect.Abstractions.Nodes;
using VProtect.Mover.Posix;
using VProtect.Mover.Qemu;
using VProtect.Mover.View.Fuse;

namespace VProtect.Mover.View.Iscsi;

/// <summary>
/// A tgtd of our own for one target, with the disks as files that it alone can open. When we are root it runs as a user that nothing else has, without capabilities.
/// It is killed with us, and nothing of it is left then but a directory with a socket, which <see cref="Clean"/> removes.
/// </summary>
internal sealed partial class TgtDaemon : IAsyncDisposable
{
    private const string Socket = "s.0";
    private const string Files = "d";
    private const int LinesKept = 20;
    private const uint OwnerOnly = 0x1C0; // 0700

    /// <summary>Buffers up to this length come from its heap, which keeps twice as much free: as long as glibc allows.</summary>
    private const int BuffersUsedAgainBytesMax = 32 << 20;

    private static readonly string[] ThisMachine = ["127.0.0.0/8", "::1/128"];
    private static readonly string[] AllOfVersion4 = ["0.0.0.0/1", "128.0.0.0/1"];
    private static readonly string[] AllOfVersion6 = ["::/1", "8000::/1"];
    private static readonly TimeSpan StartTimeMax = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan StartPeriod = TimeSpan.FromMilliseconds(10);

    private readonly IscsiTargetOptions _options;
    private readonly DiskFiles _files;
    private readonly Process _process;
    private readonly uint _userId;
    private readonly Queue<string> _lines = new();

    private TgtDaemon(IscsiTargetOptions options, DiskFiles files, Process process, uint userId, ILogger log)
    {
        (_options, _files, _process, _userId) = (options, files, process, userId);
        process.ErrorDataReceived += (_, e) => Keep(e.Data, log);
        process.OutputDataReceived += (_, e) => Keep(e.Data, log);
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
    }

    /// <summary>Completes when it has ended, by whomever.</summary>
    public Task Ended => _process.WaitForExitAsync();

    /// <summary>Its process.</summary>
    public int ProcessId => _process.Id;

    /// <summary>To speak to it.</summary>
    public TgtControl Control => new(Path.Combine(_options.WorkDirectory, Socket), _userId);

    /// <summary>Starts one, and lets initiators in.</summary>
    /// <exception cref="VProtectException">It cannot be; the message says why.</exception>
    public static async Task<TgtDaemon> StartAsync(IscsiTargetOptions options, ILogger log, TimeProvider time, CancellationToken cancellationToken)
    {
        if (Libc.GetEffectiveUserId() != 0)
        {
            throw Failed("disks can be handed to it by root only", "Run the node as root, or mount over NBD.");
        }

        uint userId = (uint)Random.Shared.Next(Sandbox.UserIdMin, Sandbox.UserIdMax + 1);
        Clean(options.WorkDirectory);
        string place = Path.Combine(options.WorkDirectory, Files);
        DiskFiles files;
        try
        {
            Require(Libc.Mkdir(options.WorkDirectory, OwnerOnly), "mkdir", options.WorkDirectory);
            Require(Libc.Mkdir(place, OwnerOnly), "mkdir", place);
            Require(Libc.Chown(options.WorkDirectory, userId, userId), "chown", options.WorkDirectory);
            files = DiskFiles.Mount(place, [.. options.Disks.Select(disk => disk.Disk)], (int)userId, log);
        }
        catch (PosixException e)
        {
            throw Failed(e.Message, "The node needs /dev/fuse and the right to mount (CAP_SYS_ADMIN); NBD needs neither.");
        }

        TgtDaemon? daemon = null;
        try
        {
            daemon = new TgtDaemon(options, files, await ChildProcess.StartAsync(Command(options, userId)), userId, log);
            await daemon.SetUpAsync(time, cancellationToken);
            files.Hide();
            return daemon;
        }
        catch (Win32Exception e)
        {
            throw Failed($"setpriv cannot be started: {e.Message}", "Install util-linux.");
        }
        finally
        {
            if (!files.IsHidden)
            {
                await (daemon?.DisposeAsync() ?? files.DisposeAsync());
            }
        }
    }

    /// <summary>Removes what one that was killed has left, and ends it if it has not ended.</summary>
    public static void Clean(string workDirectory)
    {
        if (!Directory.Exists(workDirectory))
        {
            return;
        }

        foreach (int process in ProcessesIn(workDirectory))
        {
            const int Kill = 9;
            _ = Libc.Kill(process, Kill);
        }

        FuseDevice.Hide(Path.Combine(workDirectory, Files));
        Directory.Delete(Path.Combine(workDirectory, Files));
        Directory.Delete(workDirectory, recursive: true);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        try
        {
            _process.Kill();
        }
        catch (InvalidOperationException)
        {
            // It has ended.
        }

        // What it still asks for is failed, since it ends only then.
        await _files.DisposeAsync();
        await _process.WaitForExitAsync();
        _process.Dispose();
        Clean(_options.WorkDirectory);
    }

    private static ProcessStartInfo Command(IscsiTargetOptions options, uint userId)
    {
        string user = userId.ToString(CultureInfo.InvariantCulture);
        bool isEverywhere = options.Portal.Address.Equals(IPAddress.Any) || options.Portal.Address.Equals(IPAddress.IPv6Any);
        IPEndPoint[] portals = isEverywhere && System.Net.Sockets.Socket.OSSupportsIPv6
            ? [new IPEndPoint(IPAddress.Any, options.Portal.Port), new IPEndPoint(IPAddress.IPv6Any, options.Portal.Port)]
            : [options.Portal];
        var info = new ProcessStartInfo("setpriv")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = options.WorkDirectory,
            ArgumentList =
            {
                "--pdeathsig", "KILL", "--no-new-privs", "--reuid", user, "--regid", user, "--clear-groups",
                "--inh-caps=-all", "--ambient-caps=-all", "--bounding-set=-all", "--", "prlimit", "--core=0", "--",
                "tgtd", "--foreground", "--control-port", "0", "--iscsi", string.Join(',', portals.Select(portal => $"portal={portal}")),
            },
        };
        info.Environment.Clear();
        info.Environment["PATH"] = "/usr/sbin:/usr/bin:/sbin:/bin";
        info.Environment["LC_ALL"] = "C";

        // It takes a buffer for each request, and glibc would map and clear the pages of the long ones anew each time: more work than the read itself.
        info.Environment["GLIBC_TUNABLES"] = string.Create(
            CultureInfo.InvariantCulture, $"glibc.malloc.mmap_threshold={BuffersUsedAgainBytesMax}:glibc.malloc.trim_threshold={2 * BuffersUsedAgainBytesMax}");
        info.Environment["TGT_IPC_SOCKET"] = Socket[..Socket.IndexOf('.', StringComparison.Ordinal)];
        return info;
    }

    private async Task SetUpAsync(TimeProvider time, CancellationToken cancellationToken)
    {
        TgtControl control = Control;
        long began = time.GetTimestamp();
        while (!control.CanConnect())
        {
            if (_process.HasExited || time.GetElapsedTime(began) > StartTimeMax)
            {
                throw Failed($"it did not start: {Said()}", "Install the Debian package tgt (1.0.85 or later).");
            }

            await Task.Delay(StartPeriod, time, cancellationToken);
        }

        if (!control.ShowPortals().Contains($":{_options.Portal.Port},", StringComparison.Ordinal))
        {
            throw new PortalTakenException(_options.Portal);
        }

        FilterClients();
        int target = TargetNumber(_options);
        control.AddTarget(target, _options.Name);
        foreach (IscsiAccount account in new[] { _options.Access.Chap, _options.Access.MutualChap }.OfType<IscsiAccount>())
        {
            control.AddAccount(account);
            control.BindAccount(target, account.User, isShown: account == _options.Access.MutualChap);
        }

        for (int i = 0; i < _options.Disks.Count; i++)
        {
            IscsiDisk disk = _options.Disks[i];
            control.AddUnit(target, i + 1, string.Create(CultureInfo.InvariantCulture, $"{Files}/{i}"));
            bool isReadOnly = disk.Disk.Flags.HasFlag(Nbd.NbdExportFlags.ReadOnly);
            control.UpdateUnit(target, i + 1, string.Join(
                ',', $"scsi_sn={disk.Identity}", $"scsi_id={WorldWideName(disk.Identity)}", "vendor_id=VPROTECT", "product_id=RESTORE_POINT", "product_rev=1",
                isReadOnly ? "readonly=1" : "thin_provisioning=1"));
        }

        // Last: until now nobody was let in. tgt lets in who is in one of its two lists, so networks are in its own only when names are not.
        foreach (string name in _options.Access.AllowedNames)
        {
            control.AllowName(target, name);
        }

        foreach (string network in _options.Access.AllowedNames.Count > 0 ? [] : Networks(_options.AllowedClients))
        {
            control.AllowAddress(target, network);
        }
    }

    /// <summary>Who comes from elsewhere does not reach it. Before there is a target, which somebody might have waited for.</summary>
    private void FilterClients()
    {
        if (_options.AllowedClients.Count == 0 && _options.Access.AllowedNames.Count > 0)
        {
            return;
        }

        IReadOnlyList<IPNetwork> networks = _options.AllowedClients.Count > 0 ? _options.AllowedClients : [.. ThisMachine.Select(IPNetwork.Parse)];
        try
        {
            ClientFilter.Set(ProcessId, networks);
        }
        catch (PosixException e)
        {
            throw Failed($"its networks cannot be kept apart: {e.Message}", "It takes Linux 5.6 and CAP_SYS_PTRACE, which a container must be given; NBD takes neither.");
        }

        if (ClientFilter.FindStranger(ProcessId, _options.Portal.Port, networks) is { } stranger)
        {
            throw Failed($"{stranger}, which may not, connected while it started", "Mount it again.");
        }
    }

    /// <summary>NAA 6 without a vendor's number, and the first 100 bits of the identity: tgt makes the unit's WWID of these digits.</summary>
    private static string WorldWideName(string identity) => string.Concat("6000000", identity.AsSpan(0, 25));

    /// <summary>tgt makes another WWID of the target's number, which so is no other target's either.</summary>
    private static int TargetNumber(IscsiTargetOptions options) => Math.Max(1, int.Parse(options.Disks[0].Identity.AsSpan(0, 7), NumberStyles.HexNumber, CultureInfo.InvariantCulture));

    /// <summary>As tgt takes them: of length 0 it knows none.</summary>
    private static IEnumerable<string> Networks(IReadOnlyList<IPNetwork> networks) =>
        networks.Count == 0 ? ThisMachine : networks.SelectMany(network => network.PrefixLength > 0 ? [network.ToString()]
            : network.BaseAddress.AddressFamily == AddressFamily.InterNetwork ? AllOfVersion4 : AllOfVersion6);

    private static void Require(int result, string operation, string path)
    {
        if (result < 0)
        {
            throw PosixException.Last(operation, path);
        }
    }

    private static List<int> ProcessesIn(string directory)
    {
        string full = Path.GetFullPath(directory);
        var found = new List<int>();
        foreach (string process in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(process), NumberStyles.None, CultureInfo.InvariantCulture, out int id))
            {
                try
                {
                    if (File.ResolveLinkTarget(Path.Combine(process, "cwd"), returnFinalTarget: false)?.FullName == full)
                    {
                        found.Add(id);
                    }
                }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException)
                {
                    // Somebody else's, or it has ended.
                }
            }
        }

        return found;
    }

    private static VProtectException Failed(string reason, string guidance) =>
        new(ErrorCode.IscsiFailed, ErrorSide.Request, $"The disks cannot be served over iSCSI: {reason}.", guidance);

    private string Said()
    {
        lock (_lines)
        {
            return _lines.Count == 0 ? "it said nothing" : string.Join("; ", _lines);
        }
    }

    private void Keep(string? line, ILogger log)
    {
        if (line is { Length: > 0 })
        {
            Log.Said(log, line);
            lock (_lines)
            {
                _lines.Enqueue(line);
                if (_lines.Count > LinesKept)
                {
                    _lines.Dequeue();
                }
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(3510, LogLevel.Debug, "tgtd: {Line}")]
        public static partial void Said(ILogger logger, string line);
    }
}
