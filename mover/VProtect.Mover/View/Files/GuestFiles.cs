using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging;
using VProtect.Abstractions;
using VProtect.Nbd.Server;

namespace VProtect.Mover.View.Files;

/// <summary>
/// The file systems on a restore point's disks, to be read.
/// <code>
///  we ─► agent, in a user-mode Linux: LVM, arrays, file systems ─► DiskFiles ─► disks
///        └── a process that owns nothing: no network, no files but programs, no rights ──┘
/// </code>
/// <para>What is on the disks is a guest's and may be made to break whoever parses it. So nothing of it is parsed by this machine's kernel nor by us: it is parsed by the
/// kernel of a user-mode Linux, which lives as long as this object, and whose answers are not trusted either. One that breaks, hangs or lies is ended, and the next
/// request begins with another.</para>
/// <para>Journals are replayed: files are as they were after a power cut. What that writes lies in a file without a name, at most <see cref="ScratchFile.BytesMax"/>, as long as the agent.</para>
/// <para>Needs root, to make a root directory for it; otherwise refused. Safe from several threads: requests wait for each other.
/// Memory: <see cref="MemoryMiB"/> in another process, from the first request until ten minutes after the last; and while an encrypted volume is unlocked, what its
/// derivation of keys wants, in a third.</para>
/// </summary>
public sealed partial class GuestFiles : IGuestFiles, IAsyncDisposable
{
    /// <summary>Memory of the user-mode Linux.</summary>
    public const int MemoryMiB = 256;

    /// <summary>What the derivation of a key from a pass phrase may take of <see cref="MemoryMiB"/>.</summary>
    private const int DerivationMiB = 96;

    /// <summary>As much as any LUKS2 header can ask for.</summary>
    private const int DerivationMiBMax = 4096;

    /// <summary>Disks that a user-mode Linux can have.</summary>
    public const int DisksMax = 16;

    /// <summary>Bytes that are read at a time, so that others' requests come between.</summary>
    private const int ReadBytesMax = 4 << 20;

    private static readonly TimeSpan StartTimeMax = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan SilenceMax = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan DerivationTimeMax = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan IdleTimeMax = TimeSpan.FromMinutes(10);

    private readonly IReadOnlyList<INbdExport> _disks;
    private readonly ILogger<GuestFiles> _log;
    private readonly TimeProvider _time;
    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly ITimer _idle;

    // One at a time on this machine may take much memory to derive a key.
    private static readonly SemaphoreSlim Deriving = new(1, 1);

    // Volumes that were unlocked, and how, so that another agent unlocks them again. In memory alone.
    private readonly ConcurrentDictionary<string, (string Verb, byte[] Secret)> _unlocked = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _ending = new();
    private AgentProcess? _agent;
    private long _usedAt;

    /// <param name="disks">In the machine's order; outlive this. Only read, and only the first <see cref="DisksMax"/>.</param>
    /// <param name="log">What ends before its time.</param>
    /// <param name="time">For limits.</param>
    public GuestFiles(IReadOnlyList<INbdExport> disks, ILogger<GuestFiles> log, TimeProvider time)
    {
        (_disks, _log, _time) = ([.. disks.Take(DisksMax)], log, time);
        _idle = time.CreateTimer(_ => _ = EndIdleAsync(), null, IdleTimeMax, IdleTimeMax / 10);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<GuestVolume>> ListVolumesAsync(CancellationToken cancellationToken)
    {
        var volumes = new List<GuestVolume>();
        await AskAsync(["volumes"u8.ToArray()], piece =>
        {
            List<string> fields = AgentLine.FieldsOf(piece);
            if (fields.Count != 6 || !long.TryParse(fields[5], NumberStyles.None, CultureInfo.InvariantCulture, out long size) || volumes.Count >= 10_000)
            {
                throw new AgentException("The agent told of a volume that is none.");
            }

            volumes.Add(new GuestVolume(fields[0], NameOf(fields[0], fields[1]), fields[2], fields[3], fields[4], size));
            return ValueTask.CompletedTask;
        }, cancellationToken);
        return volumes;
    }

    /// <inheritdoc/>
    public async Task UnlockAsync(string volume, string passPhrase, CancellationToken cancellationToken)
    {
        string verb = "unlock";
        byte[] secret = Encoding.UTF8.GetBytes(passPhrase);
        try
        {
            int neededMiB = await FindDerivationMemoryAsync(volume, cancellationToken);
            if (neededMiB > DerivationMiB)
            {
                (verb, byte[] phrase) = ("open", secret);
                secret = await DeriveKeyAsync(volume, phrase, neededMiB, cancellationToken);
                CryptographicOperations.ZeroMemory(phrase);
            }

            await AskAsync([Encoding.ASCII.GetBytes(verb), Volume(volume), secret], Nothing, cancellationToken);
        }
        catch (VProtectException refused) when (refused.Code == ErrorCode.GuestFilesRefused && refused.Message.Contains("pass phrase", StringComparison.Ordinal))
        {
            throw new VProtectException(
                refused.Code, refused.Side, refused.Message, "Type the pass phrase as it is typed when the machine starts; any of those that the volume knows will do.", inner: refused);
        }

        _unlocked[volume] = (verb, secret);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<GuestFile>> ListAsync(string volume, string path, CancellationToken cancellationToken)
    {
        var files = new List<GuestFile>();
        await AskAsync(["list"u8.ToArray(), Volume(volume), PathOf(path)], Into(files), cancellationToken);
        return files;
    }

    /// <inheritdoc/>
    public async Task<GuestFile> FindAsync(string volume, string path, CancellationToken cancellationToken)
    {
        var files = new List<GuestFile>();
        await AskAsync(["stat"u8.ToArray(), Volume(volume), PathOf(path)], Into(files), cancellationToken);
        return files.Count == 1 ? files[0] : throw Refused("there is no such file");
    }

    /// <inheritdoc/>
    public async Task<(IReadOnlyList<GuestFile> Files, bool HasMore)> WalkAsync(
        string volume, string path, string name, int countMax, CancellationToken cancellationToken)
    {
        var files = new List<GuestFile>();
        byte[] limit = Encoding.ASCII.GetBytes((countMax + 1).ToString(CultureInfo.InvariantCulture));
        await AskAsync(["walk"u8.ToArray(), Volume(volume), PathOf(path), PathOf(name), limit], Into(files), cancellationToken);
        return files.Count > countMax ? (files[..countMax], true) : (files, false);
    }

    /// <inheritdoc/>
    public async Task<long> ReadAsync(
        string volume, string path, long offsetBytes, long lengthBytes, Func<ReadOnlyMemory<byte>, ValueTask> write, CancellationToken cancellationToken)
    {
        byte[] device = Volume(volume);
        byte[] file = PathOf(path);
        long done = 0;
        while (done < lengthBytes)
        {
            // Gathered first: a client that is slow to take it keeps nobody from asking.
            long wanted = Math.Min(ReadBytesMax, lengthBytes - done);
            var pieces = new List<byte[]>();
            long read = 0;
            await AskAsync(["read"u8.ToArray(), device, file, Number(offsetBytes + done), Number(wanted)], piece =>
            {
                read += piece.Length;
                pieces.Add(read <= wanted ? piece : throw new AgentException("The agent gave more than was asked for."));
                return ValueTask.CompletedTask;
            }, cancellationToken);
            foreach (byte[] piece in pieces)
            {
                await write(piece);
            }

            done += read;
            if (read < wanted)
            {
                break;
            }
        }

        return done;
    }

    /// <summary>Ends the user-mode Linux.</summary>
    public async ValueTask DisposeAsync()
    {
        await _idle.DisposeAsync();
        await _ending.CancelAsync();
        await _gate.WaitAsync();
        try
        {
            await EndAgentAsync();
            foreach ((_, byte[] secret) in _unlocked.Values)
            {
                CryptographicOperations.ZeroMemory(secret);
            }
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>What the volume says that the derivation of its keys takes, in MiB. It is a guest's word.</summary>
    private async Task<int> FindDerivationMemoryAsync(string volume, CancellationToken cancellationToken)
    {
        long neededKiB = 0;
        await AskAsync(["memory"u8.ToArray(), Volume(volume)], piece =>
        {
            neededKiB = long.TryParse(Encoding.ASCII.GetString(piece), NumberStyles.None, CultureInfo.InvariantCulture, out long told)
                ? told
                : throw new AgentException("The agent told of no number.");
            return ValueTask.CompletedTask;
        }, cancellationToken);
        return (int)Math.Min((neededKiB + 1023) / 1024, int.MaxValue);
    }

    /// <summary>Derives a volume's key in an agent of its own, which has the memory for it and gives it back at once.</summary>
    private async Task<byte[]> DeriveKeyAsync(string volume, byte[] phrase, int neededMiB, CancellationToken cancellationToken)
    {
        if (neededMiB > DerivationMiBMax)
        {
            throw Refused("its header asks for more memory than any can");
        }

        await _gate.WaitAsync(cancellationToken);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _ending.Token);
        bool isTurn = false;
        try
        {
            await Deriving.WaitAsync(both.Token);
            isTurn = true;
            long freeMiB = FreeMiB();
            if (neededMiB + MemoryMiB > freeMiB)
            {
                throw new VProtectException(
                    ErrorCode.GuestFilesRefused, ErrorSide.Request,
                    string.Create(CultureInfo.InvariantCulture, $"Unlocking the volume takes {neededMiB} MiB of memory for a moment, and the node has {freeMiB} MiB free."),
                    "Give the node more memory, or wait until other work has ended; or mount the disk over NBD and unlock it on another machine.", RetryAdvice.Later);
            }

            byte[]? key = null;
            await using AgentProcess agent = await StartAgentAsync(MemoryMiB + neededMiB, both.Token);
            string? refusal = await agent.Line.AskAsync(["key"u8.ToArray(), Volume(volume), phrase], piece =>
            {
                key = piece;
                return ValueTask.CompletedTask;
            }, DerivationTimeMax, both.Token);
            return refusal is null && key is { Length: > 0 } ? key : throw Refused((refusal ?? "its key cannot be read").TrimEnd('.'));
        }
        catch (AgentException exception)
        {
            throw Broken(exception, said: "");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw Refused("they are being unmounted");
        }
        finally
        {
            if (isTurn)
            {
                Deriving.Release();
            }

            _gate.Release();
        }
    }

    private static long FreeMiB()
    {
        const string Name = "MemAvailable:";
        string line = File.ReadLines("/proc/meminfo").First(line => line.StartsWith(Name, StringComparison.Ordinal));
        return long.Parse(line[Name.Length..].Replace("kB", "", StringComparison.Ordinal), CultureInfo.InvariantCulture) / 1024;
    }

    private static byte[] Number(long value) => Encoding.ASCII.GetBytes(value.ToString(CultureInfo.InvariantCulture));

    private static byte[] Volume(string id) => id.Length is > 0 and < 200 && id.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_')
        ? Encoding.ASCII.GetBytes(id)
        : throw Refused("there is no such volume");

    private static byte[] PathOf(string path)
    {
        try
        {
            return GuestPath.Parse(path);
        }
        catch (FormatException exception)
        {
            throw new VProtectException(ErrorCode.InvalidArgument, ErrorSide.Request, $"The path is none: {exception.Message}", "Take paths as listings write them.", inner: exception);
        }
    }

    /// <summary>Disks are called as in the restore point, and partitions by their number.</summary>
    private static string NameOf(string device, string title) =>
        device.StartsWith("ubd", StringComparison.Ordinal) && device.Length > 3 ? $"disk {device[3] - 'a' + 1}{(device.Length > 4 ? $", partition {device[4..]}" : "")}" : title;

    private static ValueTask Nothing(byte[] piece) => ValueTask.CompletedTask;

    private static Func<byte[], ValueTask> Into(List<GuestFile> files) => piece =>
    {
        AgentLine.AddFiles(piece, files);
        return ValueTask.CompletedTask;
    };

    private static VProtectException Refused(string reason) =>
        new(ErrorCode.GuestFilesRefused, ErrorSide.Request, $"The files cannot be had: {reason}.", "Look at the mount's volumes, and at the folder that the path leads to.");

    private static VProtectException Broken(AgentException exception, string said) => new(
        ErrorCode.GuestFilesBroken, ErrorSide.Source, $"Reading the disks' file systems failed: {exception.Message}{(said.Length > 0 ? $" {said}" : "")}",
        "The file system may be damaged, or made to do harm. Try another path or volume, or mount the disks over NBD on a machine that may be lost.", inner: exception);

    private async Task AskAsync(IReadOnlyList<ReadOnlyMemory<byte>> fields, Func<byte[], ValueTask> piece, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _ending.Token);
        try
        {
            _usedAt = _time.GetTimestamp();
            string? refusal;
            try
            {
                both.Token.ThrowIfCancellationRequested();
                _agent ??= await StartAgentAsync(MemoryMiB, both.Token);
                refusal = await _agent.Line.AskAsync(fields, piece, SilenceMax, both.Token);
            }
            catch (AgentException exception)
            {
                string said = _agent?.TakeError() ?? "";
                Log.Broken(_log, exception, said);
                await EndAgentAsync();
                throw Broken(exception, said);
            }
            catch (OperationCanceledException)
            {
                // The rest of its answer would be taken for the next one's.
                await EndAgentAsync();
                cancellationToken.ThrowIfCancellationRequested();
                throw Refused("they are being unmounted");
            }

            _usedAt = _time.GetTimestamp();
            if (refusal is not null)
            {
                throw Refused(refusal.TrimEnd('.'));
            }
        }
        finally
        {
            _gate.Release();
        }
    }

    private async Task<AgentProcess> StartAgentAsync(int memoryMiB, CancellationToken cancellationToken)
    {
        AgentProcess agent = await AgentProcess.StartAsync(_disks, memoryMiB, _log, _time, cancellationToken);
        try
        {
            await agent.Line.GreetAsync(StartTimeMax, cancellationToken);
            agent.Settle();
            foreach ((string volume, (string verb, byte[] secret)) in _unlocked)
            {
                _ = await agent.Line.AskAsync([Encoding.ASCII.GetBytes(verb), Encoding.ASCII.GetBytes(volume), secret], Nothing, SilenceMax, cancellationToken);
            }

            return agent;
        }
        catch (AgentException exception)
        {
            string said = agent.TakeError();
            await agent.DisposeAsync();
            throw new VProtectException(
                ErrorCode.GuestFilesBroken, ErrorSide.Source, $"The user-mode Linux that reads file systems did not start: {exception.Message} {said}".TrimEnd(),
                "Install the Debian packages user-mode-linux, lvm2, mdadm, cryptsetup-bin, ntfs-3g and exfat-fuse.", RetryAdvice.Later, exception);
        }
        catch
        {
            await agent.DisposeAsync();
            throw;
        }
    }

    private async Task EndAgentAsync()
    {
        if (_agent is { } agent)
        {
            _agent = null;
            await agent.DisposeAsync();
        }
    }

    private async Task EndIdleAsync()
    {
        if (_agent is null || _time.GetElapsedTime(_usedAt) < IdleTimeMax || !await _gate.WaitAsync(TimeSpan.Zero))
        {
            return;
        }

        try
        {
            await EndAgentAsync();
        }
        finally
        {
            _gate.Release();
        }
    }

    private static partial class Log
    {
        [LoggerMessage(3600, LogLevel.Warning, "The user-mode Linux that reads a guest's files was ended: {Said}")]
        public static partial void Broken(ILogger logger, Exception exception, string said);
    }
}
