using System.Text.Json;
using VProtect.Abstractions;
using VProtect.Connectors.Contract;

namespace VProtect.Testing.FakePlatform;

/// <summary>
/// A machine at one instant: copies of its disks, copies of the dirty maps of every checkpoint kept, and a checkpoint of its own for the next
/// backup. All three are made while the machine is locked, so that no write comes between.
/// </summary>
internal sealed class FakeBackupAccess : IBackupAccess
{
    /// <summary>Moments that the platform remembers for one machine; the oldest is given up first.</summary>
    private const int CheckpointsMax = 8;

    private readonly FakeDatacenter _datacenter;
    private readonly BackupOpening _opening;
    private readonly ConnectorCapabilities _capabilities;
    private readonly List<string> _warnings = [];
    private readonly string _mark;
    private readonly string _folder;
    private FakeCheckpoint? _checkpoint;

    private FakeBackupAccess(FakeDatacenter datacenter, BackupOpening opening, ConnectorCapabilities capabilities)
    {
        _datacenter = datacenter;
        _opening = opening;
        _capabilities = capabilities;
        _mark = TaskMark.Of(opening.TaskGuid);
        _folder = datacenter.Folder(opening.MachineUuid, "accesses", _mark);
    }

    public IReadOnlyList<MachineDocument> Documents { get; private set; } = [];

    public IReadOnlyList<BackupAccessDisk> Disks { get; private set; } = [];

    public IReadOnlyList<string> Warnings => _warnings;

    public static async Task<IBackupAccess> OpenAsync(
        FakeDatacenter datacenter, BackupOpening opening, ConnectorCapabilities capabilities, bool servesFiles, CancellationToken cancellationToken)
    {
        var access = new FakeBackupAccess(datacenter, opening, capabilities);
        try
        {
            FakeMachine machine = await access.TakeInstantAsync(cancellationToken);
            access.Documents = [new("machine.json", "application/json", JsonSerializer.SerializeToUtf8Bytes(machine, FakeFile.Json))];
            access.Disks = [.. access.Wanted(machine).Select(disk => new BackupAccessDisk(disk.Id, disk.Name, access.EndpointOf(disk, servesFiles)))];
            await datacenter.PassAsync(FakeStep.BackupOpened, cancellationToken, machine.Uuid);
            return access;
        }
        catch
        {
            await access.DisposeAsync();
            throw;
        }
    }

    public async Task CommittedAsync(CancellationToken cancellationToken)
    {
        await _datacenter.PassAsync(FakeStep.BackupCommitted, cancellationToken, _opening.MachineUuid);
        if (_checkpoint is null)
        {
            return;
        }

        using (await _datacenter.LockAsync(_opening.MachineUuid, cancellationToken))
        {
            // Reverting the machine in the meantime took it away.
            if (!Directory.Exists(CheckpointFolder(_checkpoint.Id)))
            {
                return;
            }

            _checkpoint = _checkpoint with { Mark = null };
            Save(_checkpoint);
        }

        await _datacenter.PassAsync(FakeStep.BackupKept, cancellationToken, _opening.MachineUuid);
        using (await _datacenter.LockAsync(_opening.MachineUuid, cancellationToken))
        {
            HashSet<string> replaced = [.. _opening.Parents.Values.Select(parent => FakeDiskSource.CheckpointIn(parent.Token)).OfType<string>()];
            List<FakeCheckpoint> kept = [.. Kept().OrderByDescending(checkpoint => checkpoint.Number)];
            foreach (FakeCheckpoint old in kept.Where((checkpoint, i) => replaced.Contains(checkpoint.Id) || IsReplacedInDestination(checkpoint) || i >= CheckpointsMax))
            {
                FakeFile.RemoveDirectory(CheckpointFolder(old.Id));
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            await _datacenter.PassAsync(FakeStep.BackupClose, CancellationToken.None, _opening.MachineUuid);
            using IDisposable held = await _datacenter.LockAsync(_opening.MachineUuid, CancellationToken.None);
            FakeFile.RemoveDirectory(_folder);
            if (_checkpoint is { Mark: not null })
            {
                FakeFile.RemoveDirectory(CheckpointFolder(_checkpoint.Id));
            }
        }
        catch (Exception exception) when (exception is VProtectException or IOException)
        {
            _warnings.Add($"Copies made by {_mark} could not be removed: {exception.Message}");
        }
    }

    private async Task<FakeMachine> TakeInstantAsync(CancellationToken cancellationToken)
    {
        using IDisposable held = await _datacenter.LockAsync(_opening.MachineUuid, cancellationToken);
        FakeMachine machine = _datacenter.TryMachine(_opening.MachineUuid) ?? throw FakeErrors.NoMachine(_opening.MachineUuid);
        FakeLeftover.RemoveAllOf(_datacenter, _mark);
        if (_datacenter.Folders(machine.Uuid, "accesses").Concat(_datacenter.Folders(machine.Uuid, "overwriting")).FirstOrDefault() is { } other)
        {
            throw FakeErrors.Busy(machine.Name, Path.GetFileName(other));
        }

        QuiesceMode quiesce = _capabilities.Quiesce ? _opening.Quiesce : QuiesceMode.No;
        await using FakeFreeze freeze = await FakeFreeze.TakeAsync(_datacenter, machine, _mark, quiesce, FakeStep.BackupFreeze, cancellationToken);
        if (freeze.Warning is { } warning)
        {
            _warnings.Add(warning);
        }

        Directory.CreateDirectory(_folder);
        foreach (FakeDisk disk in machine.Disks.Where(disk => disk.Obstacle is not null && !_opening.ExcludedDisks.Contains(disk.Id)))
        {
            _warnings.Add($"Disk '{disk.Name}' was left out: {disk.Obstacle}");
        }

        foreach (FakeDisk disk in Wanted(machine))
        {
            await _datacenter.PassAsync(FakeStep.BackupCopy, cancellationToken, machine.Uuid);
            FakeFile.CopyDisk(_datacenter.DiskFile(machine.Uuid, disk.Id), CopyOf(disk));
        }

        if (_capabilities.ChangedBlocks)
        {
            CopyDirtyMaps(machine);
            BeginCheckpoint(machine);
        }

        return machine;
    }

    private bool IsReplacedInDestination(FakeCheckpoint checkpoint) =>
        checkpoint.Destination.Length > 0 && checkpoint.Destination == _opening.Destination && checkpoint.Number < _checkpoint!.Number;

    private void CopyDirtyMaps(FakeMachine machine)
    {
        foreach (FakeCheckpoint checkpoint in Kept())
        {
            string frozen = Path.Join(_folder, checkpoint.Id);
            Directory.CreateDirectory(frozen);
            foreach (FakeDisk disk in Wanted(machine))
            {
                string map = FakeDatacenter.MapFile(CheckpointFolder(checkpoint.Id), disk.Id);
                if (File.Exists(map))
                {
                    File.Copy(map, FakeDatacenter.MapFile(frozen, disk.Id));
                }
            }
        }
    }

    private void BeginCheckpoint(FakeMachine machine)
    {
        long number = Kept().Select(checkpoint => checkpoint.Number).DefaultIfEmpty(0).Max() + 1;
        _checkpoint = new FakeCheckpoint(Guid.NewGuid().ToString("N"), number, _mark, _opening.Destination);
        Save(_checkpoint);
        foreach (FakeDisk disk in Wanted(machine))
        {
            DirtyMap.Create(FakeDatacenter.MapFile(CheckpointFolder(_checkpoint.Id), disk.Id), disk.SizeBytes);
        }
    }

    private DiskEndpoint EndpointOf(FakeDisk disk, bool servesFiles) => servesFiles
        ? new DiskEndpoint.File(CopyOf(disk), "raw")
        : new DiskEndpoint.Source(cancellationToken =>
        {
            cancellationToken.ThrowIfCancellationRequested();
            return new ValueTask<IBlockSource>(new FakeDiskSource(_datacenter, _opening.MachineUuid, disk, CopyOf(disk), _checkpoint?.Id));
        });

    private IEnumerable<FakeDisk> Wanted(FakeMachine machine) => machine.Disks.Where(disk => disk.Obstacle is null && !_opening.ExcludedDisks.Contains(disk.Id));

    private IEnumerable<FakeCheckpoint> Kept() => _datacenter
        .Folders(_opening.MachineUuid, "checkpoints")
        .Select(folder => FakeFile.TryRead<FakeCheckpoint>(Path.Join(folder, "checkpoint.json")))
        .OfType<FakeCheckpoint>()
        .Where(checkpoint => checkpoint.Mark is null);

    private string CopyOf(FakeDisk disk) => Path.Join(_folder, disk.Id + ".raw");

    private string CheckpointFolder(string id) => _datacenter.Folder(_opening.MachineUuid, "checkpoints", id);

    private void Save(FakeCheckpoint checkpoint) => FakeFile.Write(Path.Join(CheckpointFolder(checkpoint.Id), "checkpoint.json"), checkpoint);
}
