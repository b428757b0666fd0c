using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using VProtect.Abstractions;
using VProtect.Abstractions.Nodes;
using VProtect.Connectors.Contract;
using VProtect.Mover.View.Files;
using VProtect.Node.Channel;
using VProtect.Node.Execution.GuestFiles;
using VProtect.Node.Mounts;

namespace VProtect.Node.Execution;

/// <summary>
/// Writes files of a mounted restore point into a machine that runs.
/// <code>
/// 1 may the agent do it ─► 2 where to ─► 3 what ─► 4 folders ─► 5 some files at a time: look what is there ─► content, to temporary names ─► check, owner, times, name
///                                                       └────────► 6 owners and times of new folders ─► 7 flush, remove what is temporary
/// </code>
/// <para>A file has its name only when all of it is there and was compared. Whatever ends it, temporary files are removed, unless the agent is gone: then the next restore into that
/// machine removes them when they are a day old. Begins again from the start: what is restored already is found there.</para>
/// Memory: the plan (<see cref="GuestFilePlan"/>) and a few MiB.
/// </summary>
internal sealed class RestoreIntoGuest
{
    /// <summary>Bytes of content that are under temporary names at a time, but for a single file that is larger.</summary>
    private const long StagedBytesMax = 32 << 20;

    /// <summary>Lines of the log that name files; of the rest the number.</summary>
    private const int LinesMax = 1000;

    /// <summary>Files that were left, in the result.</summary>
    private const int LeftMax = 200;

    private readonly RestoreIntoGuestWork _work;
    private readonly IGuestFiles _files;
    private readonly IConnector _connector;
    private readonly GuestScriptRunner _guest;
    private readonly WorkContext _context;
    private readonly byte[] _stageName;
    private readonly HashSet<string> _stages = new(StringComparer.Ordinal);
    private readonly List<GuestFileLeft> _left = [];
    private bool _canHash;
    private long _doneBytes;
    private long _writtenBytes;
    private int _done;
    private int _total;
    private int _failed;
    private int _skipped;
    private int _folders;
    private int _links;
    private int _written;
    private int _lines;
    private int _staged;

    private RestoreIntoGuest(RestoreIntoGuestWork work, IGuestFiles files, IConnector connector, WorkContext context)
    {
        (_work, _files, _connector, _context) = (work, files, connector, context);
        _guest = new GuestScriptRunner(connector, work.MachineUuid);
        _stageName = GuestScriptRunner.Text($".vprotect-restore-{context.TaskGuid}");
    }

    public static async Task<GuestFilesResult> RunAsync(RestoreIntoGuestWork work, MountBook mounts, WorkContext context, CancellationToken cancellationToken)
    {
        IGuestFiles files = mounts.FilesOf(work.MountGuid) ?? throw new VProtectException(
            ErrorCode.GuestFilesRefused, ErrorSide.Request, "The backup is not mounted any more.", "Mount it again, and ask for the files again.", RetryAdvice.Later);
        await using IConnector connector = context.Connect(work.Platform);
        if (!connector.Capabilities.GuestFiles)
        {
            throw new VProtectException(
                ErrorCode.NotSupported, ErrorSide.Platform, "The platform cannot write files into machines that run.", "Download the files, or mount the backup in the machine.");
        }

        return await new RestoreIntoGuest(work, files, connector, context).RunAsync(cancellationToken);
    }

    private async Task<GuestFilesResult> RunAsync(CancellationToken cancellationToken)
    {
        _context.Enter("asking the guest agent");
        await CheckAsync(cancellationToken);
        IReadOnlyList<GuestPlace> places = await PlacesAsync(cancellationToken);
        _context.Enter("reading what is to be restored");
        GuestFilePlan plan = await GuestFilePlan.MakeAsync(_files, _work, places, cancellationToken);
        long totalBytes = plan.TotalBytes;
        _total = plan.Entries.Count;
        _context.Note($"{Quantity.Of(_total, "file or folder", "files and folders")} with {Quantity.Of(totalBytes, "byte")} {(_total == 1 ? "is" : "are")} to be restored.");
        _context.Journal.Follow(() => (
            $"restoring, {Volatile.Read(ref _done)} of {_total} files", new Amounts(Interlocked.Read(ref _doneBytes), totalBytes, Interlocked.Read(ref _writtenBytes))));
        try
        {
            List<PlannedFile> made = await MakeFoldersAsync([.. plan.Entries.Where(entry => entry.File.Kind == GuestFileKind.Folder)], cancellationToken);
            foreach (List<PlannedFile> batch in BatchesOf(plan.Entries.Where(entry => entry.File.Kind is GuestFileKind.File or GuestFileKind.Link)))
            {
                await RestoreAsync(batch, cancellationToken);
            }

            foreach (PlannedFile special in plan.Entries.Where(entry => entry.File.Kind == GuestFileKind.Special))
            {
                Leave(special, "is a device, a pipe or a socket");
            }

            _context.Journal.Hold("completing");
            await SettleAsync(made, cancellationToken);
            foreach (string stage in _stages)
            {
                await _guest.RunAsync(GuestScripts.Sync, [Bytes(stage)], _writtenBytes, cancellationToken);
            }
        }
        finally
        {
            await RemoveStagesAsync();
        }

        return Conclude();
    }

    private async Task CheckAsync(CancellationToken cancellationToken)
    {
        await _connector.CheckGuestFilesAsync(_work.MachineUuid, cancellationToken);
        GuestCommandResult probe = await _guest.RunAsync(GuestScripts.Probe, [], contentBytes: 0, cancellationToken);
        string[] lacks = probe.Output.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        _canHash = !lacks.Contains("sha256sum");
        if (!_canHash)
        {
            _context.Warn("The machine has no sha256sum: what is written there is not compared with the backup.");
        }

        lacks = [.. lacks.Where(program => program != "sha256sum")];
        if (lacks.Length > 0)
        {
            throw new VProtectException(
                ErrorCode.NotSupported, ErrorSide.Platform, $"The machine lacks {string.Join(", ", lacks.Take(20))}.",
                "Install coreutils and findutils in the guest, or download the files.");
        }
    }

    /// <summary>Where the volume is in the machine, or the folder that was named.</summary>
    private async Task<IReadOnlyList<GuestPlace>> PlacesAsync(CancellationToken cancellationToken)
    {
        if (_work.Folder is { } folder)
        {
            byte[] path = [(byte)'/', .. GuestFilePlan.PartsOf(folder).Aggregate((byte[])[], (all, part) => all.Length == 0 ? part : [.. all, (byte)'/', .. part])];
            GuestCommandResult made = await _guest.RunAsync(GuestScripts.Base, [path], contentBytes: 0, cancellationToken);
            return made.ExitCode == 0 && made.Output is ['/', .., '\n'] && !made.Output.Contains('\uFFFD')
                ? [new GuestPlace([], Bytes(made.Output[..^1]))]
                : throw new VProtectException(
                    ErrorCode.InvalidArgument, ErrorSide.Request, $"The folder {folder} cannot be used in the machine: {GuestScriptRunner.FirstLine(made)}", "Name another folder.");
        }

        GuestVolume volume = (await _files.ListVolumesAsync(cancellationToken)).FirstOrDefault(one => one.Id == _work.Volume) ?? throw new VProtectException(
            ErrorCode.GuestFilesRefused, ErrorSide.Request, $"The mount has no volume {_work.Volume}.", "List the volumes of the mount again.");
        string output = "";
        if (volume.Uuid.Length > 0 && volume.Uuid.All(c => char.IsAsciiLetterOrDigit(c) || c == '-'))
        {
            GuestCommandResult mounts = await _connector.RunInGuestAsync(
                new GuestCommand(_work.MachineUuid, ["/usr/bin/findmnt", "-rn", "-o", "FSROOT,TARGET", "-S", $"UUID={volume.Uuid}"], new Dictionary<string, string>(), TimeSpan.FromMinutes(1)),
                cancellationToken);
            output = mounts.Output;
        }

        List<GuestPlace> places = [];
        foreach (string[] fields in output.Split('\n').Select(line => line.Split(' ')).Where(fields => fields.Length == 2).Take(1000))
        {
            List<byte[]> target = GuestFilePlan.PartsOf(fields[1]);
            places.Add(new GuestPlace(GuestFilePlan.PartsOf(fields[0]), target.Count == 0 ? "/"u8.ToArray() : target.Aggregate("/"u8.ToArray(), GuestFilePlan.Join)));
        }

        return places.Count > 0 ? places : throw new VProtectException(
            ErrorCode.InvalidArgument, ErrorSide.Request, $"The file system of the backup ({volume.Name}) is not mounted in the machine.",
            "Name a folder of the machine that receives the files.");
    }

    private async Task<List<PlannedFile>> MakeFoldersAsync(IReadOnlyList<PlannedFile> folders, CancellationToken cancellationToken)
    {
        List<PlannedFile> made = [];
        foreach (List<PlannedFile> batch in BatchesOf(folders))
        {
            ScriptAnswer[] answers = await _guest.RunOnAsync(GuestScripts.Folders, [.. batch.Select(folder => (byte[][])[folder.Folder, folder.Name])], contentBytes: 0, cancellationToken);
            foreach ((PlannedFile folder, ScriptAnswer answer) in batch.Zip(answers))
            {
                switch (answer.Word)
                {
                    case "made":
                        made.Add(folder);
                        _folders++;
                        break;
                    case "there":
                        break;
                    case "taken":
                        Fail(folder, "something else than a folder has its name in the machine");
                        break;
                    default:
                        Fail(folder, ReasonOf(answer));
                        break;
                }

                Interlocked.Increment(ref _done);
            }
        }

        return made;
    }

    private async Task RestoreAsync(List<PlannedFile> batch, CancellationToken cancellationToken)
    {
        bool replaces = _work.Existing == "REPLACE";
        // Not cancelled: it makes what has to be removed.
        ScriptAnswer[] looks = await _guest.RunOnAsync(
            GuestScripts.Look, [.. batch.Select(file => (byte[][])[file.Folder, file.Name, _stageName])], contentBytes: 0, CancellationToken.None);
        _stages.UnionWith(looks.Where(look => look.Word is "taken" or "folder" or "free").Select(look => look.Text));
        cancellationToken.ThrowIfCancellationRequested();
        List<PlannedFile> files = [];
        List<byte[][]> fileThings = [];
        List<PlannedFile> links = [];
        List<byte[][]> linkThings = [];
        foreach ((PlannedFile found, ScriptAnswer look) in batch.Zip(looks))
        {
            PlannedFile file = found;
            switch (look.Word)
            {
                case "free":
                case "taken" when replaces:
                    break;
                case "taken" or "folder" when _work.Existing == "RENAME":
                    file = found with { Name = Renamed(found.Name, _work.Suffix) };
                    break;
                case "taken":
                    Leave(file, "is there already");
                    continue;
                case "folder":
                    Fail(file, "a folder has its name in the machine");
                    continue;
                default:
                    Fail(file, ReasonOf(look));
                    continue;
            }

            string stage = $"{look.Text}/{_staged++}";
            byte[] how = replaces ? "replace"u8.ToArray() : "keep"u8.ToArray();
            byte[] owner = Bytes($"{file.File.UserId}:{file.File.GroupId}");
            byte[] time = Bytes(file.File.ModifiedAt.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture));
            if (file.File.Kind == GuestFileKind.Link)
            {
                links.Add(file);
                linkThings.Add([file.Folder, file.Name, Bytes(stage), TargetOf(file), how, owner, "-"u8.ToArray(), time]);
            }
            else if (await WriteAsync(file, stage, cancellationToken) is { } hash)
            {
                files.Add(file);
                fileThings.Add([file.Folder, file.Name, Bytes(stage), Bytes(_canHash ? hash : "-"), how, owner, ModeOf(file.File), time]);
            }
        }

        await PlaceAsync(GuestScripts.Files, files, fileThings, cancellationToken);
        await PlaceAsync(GuestScripts.Links, links, linkThings, cancellationToken);
    }

    /// <summary>Writes content to a temporary file.</summary>
    /// <returns>Its hash; null when the backup does not give it.</returns>
    private async Task<string?> WriteAsync(PlannedFile file, string stage, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        long before = _doneBytes;
        try
        {
            await using IGuestFileWriter writer = await _connector.CreateGuestFileAsync(_work.MachineUuid, stage, cancellationToken);
            long read = await _files.ReadAsync(_work.Volume, file.Source, 0, file.File.SizeBytes, async bytes =>
            {
                hash.AppendData(bytes.Span);
                await writer.WriteAsync(bytes, cancellationToken);
                Interlocked.Add(ref _doneBytes, bytes.Length);
                Interlocked.Add(ref _writtenBytes, bytes.Length);
            }, cancellationToken);
            await writer.CompleteAsync(cancellationToken);
            if (read == file.File.SizeBytes)
            {
                return Convert.ToHexStringLower(hash.GetHashAndReset());
            }

            Interlocked.Exchange(ref _doneBytes, before);
            Fail(file, $"the backup has {read} bytes of it in place of {file.File.SizeBytes}");
        }
        catch (VProtectException exception) when (exception.Side is not ErrorSide.Platform && exception.Retry == RetryAdvice.Never)
        {
            Interlocked.Exchange(ref _doneBytes, before);
            Fail(file, exception.Message);
        }

        return null;
    }

    private async Task PlaceAsync(string script, List<PlannedFile> files, List<byte[][]> things, CancellationToken cancellationToken)
    {
        if (things.Count == 0)
        {
            return;
        }

        ScriptAnswer[] answers = await _guest.RunOnAsync(script, things, files.Sum(file => file.File.SizeBytes), cancellationToken);
        foreach ((PlannedFile file, ScriptAnswer answer) in files.Zip(answers))
        {
            switch (answer.Word)
            {
                case "placed" or "plain":
                    if (answer.Word == "plain")
                    {
                        _context.Warn($"{Shown(file)}: owner, permissions or time could not be set: {answer.Text}");
                    }

                    if (file.File.Kind == GuestFileKind.Link)
                    {
                        _links++;
                    }
                    else
                    {
                        _written++;
                    }

                    Interlocked.Increment(ref _done);
                    Line($"Restored {Shown(file)}");
                    break;
                case "taken":
                    Leave(file, "is there already", isCounted: true);
                    break;
                default:
                    Fail(file, ReasonOf(answer), isCounted: true);
                    break;
            }
        }
    }

    private async Task SettleAsync(List<PlannedFile> made, CancellationToken cancellationToken)
    {
        // The deepest first: what is done in a folder changes its time.
        made.Reverse();
        foreach (List<PlannedFile> batch in BatchesOf(made))
        {
            ScriptAnswer[] answers = await _guest.RunOnAsync(
                GuestScripts.Settle,
                [.. batch.Select(folder => (byte[][])[folder.Path, Bytes($"{folder.File.UserId}:{folder.File.GroupId}"), ModeOf(folder.File), Bytes(folder.File.ModifiedAt.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture))])],
                contentBytes: 0,
                cancellationToken);
            foreach ((PlannedFile folder, ScriptAnswer answer) in batch.Zip(answers).Where(pair => pair.Second.Word != "placed"))
            {
                _context.Warn($"{Shown(folder)}: owner, permissions or time could not be set: {ReasonOf(answer)}");
            }
        }
    }

    private async Task RemoveStagesAsync()
    {
        foreach (string stage in _stages)
        {
            try
            {
                await _guest.RunAsync(GuestScripts.Remove, [Bytes(stage)], contentBytes: 0, CancellationToken.None);
            }
            catch (VProtectException exception)
            {
                _context.Warn($"{stage} is left in the machine: {exception.Message} It is removed by a restore that comes a day later, or by you.");
            }
        }
    }

    private GuestFilesResult Conclude()
    {
        if (_lines > LinesMax)
        {
            _context.Note($"… and {Quantity.Of(_lines - LinesMax, "file")} more.");
        }

        string restored = $"{Quantity.Of(_written, "file")}, {Quantity.Of(_folders, "folder")} and {Quantity.Of(_links, "link")} were restored";
        if (_failed > 0)
        {
            throw new VProtectException(
                ErrorCode.TargetWriteFailed, ErrorSide.Target, $"{restored}; {_failed} of {_total} could not be: {_left[0].Path}: {_left[0].Reason}.",
                "The task's log names them and says why.");
        }

        if (_skipped > 0)
        {
            _context.Warn($"{restored}; {Quantity.Of(_skipped, "was left as it is", "were left as they are")}: {_left[0].Path} {_left[0].Reason}.");
        }

        return new GuestFilesResult(_written, _folders, _links, _writtenBytes, _skipped, _left);
    }

    private void Leave(PlannedFile file, string reason, bool isCounted = false)
    {
        _skipped++;
        Tell(file, reason, isCounted, first: false);
        Line($"Left {Shown(file)}: it {reason}");
    }

    private void Fail(PlannedFile file, string reason, bool isCounted = false)
    {
        _failed++;
        Tell(file, reason, isCounted, first: _failed == 1);
        if (_failed <= LinesMax)
        {
            _context.Warn($"Not restored: {Shown(file)}: {reason}");
        }
    }

    /// <param name="file">Which.</param>
    /// <param name="reason">Why.</param>
    /// <param name="isCounted">Whether its bytes are among those that are done.</param>
    /// <param name="first">Whether it is told before the others.</param>
    private void Tell(PlannedFile file, string reason, bool isCounted, bool first)
    {
        if (_left.Count < LeftMax || first)
        {
            _left.Insert(first ? 0 : _left.Count, new GuestFileLeft(file.Source, reason));
        }

        if (file.File.Kind != GuestFileKind.Folder)
        {
            Interlocked.Increment(ref _done);
        }

        if (file.File.Kind == GuestFileKind.File && !isCounted)
        {
            Interlocked.Add(ref _doneBytes, file.File.SizeBytes);
        }
    }

    private void Line(string text)
    {
        if (++_lines <= LinesMax)
        {
            _context.Note(text);
        }
    }

    private static string ReasonOf(ScriptAnswer answer) => answer.Word switch
    {
        "astray" => "its folder is not there in the machine, or a symbolic link is on the way to it: name the folder that the link leads to",
        "differs" => "what arrived in the machine differs from the backup",
        _ => answer.Text,
    };

    /// <summary>As many at a time as one script takes.</summary>
    private static IEnumerable<List<PlannedFile>> BatchesOf(IEnumerable<PlannedFile> files)
    {
        List<PlannedFile> batch = [];
        int argumentBytes = 0;
        long contentBytes = 0;
        foreach (PlannedFile file in files)
        {
            int arguments = file.Folder.Length + file.Name.Length + (file.File.Target?.Length ?? 0) + 400;
            if (batch.Count > 0 && (batch.Count == GuestScripts.ThingsMax || argumentBytes + arguments > GuestScripts.InputBytesMax || contentBytes + file.File.SizeBytes > StagedBytesMax))
            {
                yield return batch;
                (batch, argumentBytes, contentBytes) = ([], 0, 0);
            }

            batch.Add(file);
            argumentBytes += arguments;
            contentBytes += file.File.SizeBytes;
        }

        if (batch.Count > 0)
        {
            yield return batch;
        }
    }

    /// <summary>A name with a remark before its ending: <c>report (restored 2026-11-27).odt</c>.</summary>
    private static byte[] Renamed(byte[] name, string suffix)
    {
        int dot = name.AsSpan().LastIndexOf((byte)'.');
        int at = dot > 0 ? dot : name.Length;
        return [.. name[..at], .. Bytes(suffix), .. name[at..]];
    }

    private byte[] ModeOf(GuestFile file)
    {
        // Five digits: with fewer, chmod leaves the set-group-id bit of folders as it is.
        int mode = file.Mode & (_work.KeepsPrivileges || file.Kind == GuestFileKind.Folder ? 0xFFF : 0x3FF);
        return Bytes(Convert.ToString(mode, 8).PadLeft(5, '0'));
    }

    private static byte[] TargetOf(PlannedFile link)
    {
        try
        {
            return GuestPath.Parse(link.File.Target!);
        }
        catch (FormatException)
        {
            return Bytes(link.File.Target!);
        }
    }

    private static string Shown(PlannedFile file) => GuestPath.Show(file.Path);

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
}
