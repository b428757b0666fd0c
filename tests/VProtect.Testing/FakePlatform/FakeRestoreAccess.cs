using System.Text.Json;
using VProtect.Abstractions;
using VProtect.Connectors.Contract;

namespace VProtect.Testing.FakePlatform;

/// <summary>A machine that is being made, or one whose disks are being overwritten.</summary>
internal sealed class FakeRestoreAccess : IRestoreAccess
{
    private readonly FakeDatacenter _datacenter;
    private readonly RestoreOpening _opening;
    private readonly List<string> _warnings = [];
    private readonly string _mark;
    private readonly string _uuid;
    private bool _isMade;
    private bool _isComplete;

    private FakeRestoreAccess(FakeDatacenter datacenter, RestoreOpening opening, string uuid)
    {
        _datacenter = datacenter;
        _opening = opening;
        _mark = TaskMark.Of(opening.TaskGuid);
        _uuid = uuid;
    }

    public IReadOnlyList<RestoreAccessDisk> Disks { get; private set; } = [];

    public IReadOnlyList<string> Warnings => _warnings;

    private bool Overwrites => _opening.OverwriteMachineUuid is not null;

    private string OverwritingFile => _datacenter.Folder(_uuid, "overwriting", _mark);

    public static async Task<IRestoreAccess> OpenAsync(FakeDatacenter datacenter, RestoreOpening opening, bool servesFiles, CancellationToken cancellationToken)
    {
        FakeMachine kept = DefinitionIn(opening.Documents);
        string uuid = opening.OverwriteMachineUuid ?? (opening.KeepsIdentity ? kept.Uuid : Guid.NewGuid().ToString());
        var access = new FakeRestoreAccess(datacenter, opening, uuid);
        try
        {
            using IDisposable held = await datacenter.LockAsync(uuid, cancellationToken);
            access.CheckPlaces();
            FakeLeftover.RemoveAllOf(datacenter, access._mark);
            if (access.Overwrites)
            {
                access.BeginOverwriting();
            }
            else
            {
                await access.CreateAsync(kept, servesFiles, cancellationToken);
            }

            access.Disks = [.. opening.Disks.Select(disk => new RestoreAccessDisk(disk.Id, access.Overwrites, access.EndpointOf(disk, servesFiles)))];
            return access;
        }
        catch
        {
            access.Undo();
            throw;
        }
    }

    public async Task<string> CompleteAsync(bool powerOn, CancellationToken cancellationToken)
    {
        await _datacenter.PassAsync(FakeStep.RestoreComplete, cancellationToken, _uuid);
        using IDisposable held = await _datacenter.LockAsync(_uuid, cancellationToken);
        _datacenter.Change(_uuid, machine => machine with { Mark = null, Damage = null, Power = powerOn ? PowerState.Running : PowerState.Off });
        if (Overwrites)
        {
            File.Delete(OverwritingFile);
        }

        _isComplete = true;
        return _uuid;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_isComplete)
        {
            try
            {
                using IDisposable held = await _datacenter.LockAsync(_uuid, CancellationToken.None);
                Undo();
            }
            catch (IOException exception)
            {
                _warnings.Add($"What {_mark} made could not be removed: {exception.Message}");
            }
        }
    }

    private static FakeMachine DefinitionIn(IReadOnlyList<MachineDocument> documents) =>
        documents.FirstOrDefault(document => document.Name == "machine.json") is { } document
            ? JsonSerializer.Deserialize<FakeMachine>(document.Content.Span, FakeFile.Json)!
            : throw FakeErrors.Unfit("The restore point has no definition of a machine.", "Restore its disks to files instead.");

    private static bool Has(IEnumerable<InventoryItem> items, string id) => items.Any(item => item.Id == id);

    private void CheckPlaces()
    {
        FakeSite site = _datacenter.Site;
        if (_opening.HostId is { } host && !site.Hosts.Any(known => known.Id == host))
        {
            throw FakeErrors.Unfit($"There is no host '{host}'.", "Choose one of the inventory.");
        }

        if (_opening.Networks.Values.FirstOrDefault(network => !Has(site.Networks, network)) is { } unknown)
        {
            throw FakeErrors.Unfit($"There is no network '{unknown}'.", "Choose one of the inventory.");
        }

        IEnumerable<string> storages = _opening.Disks.Select(disk => disk.StorageId).Append(_opening.StorageId).OfType<string>();
        if (storages.FirstOrDefault(storage => !site.Storages.Any(known => known.Id == storage)) is { } missing)
        {
            throw FakeErrors.Unfit($"There is no storage '{missing}'.", "Choose one of the inventory.");
        }
    }

    private async Task CreateAsync(FakeMachine kept, bool servesFiles, CancellationToken cancellationToken)
    {
        if (_datacenter.TryMachine(_uuid) is { } existing)
        {
            throw FakeErrors.Unfit($"A machine with identity {_uuid} exists: '{existing.Name}'.", "Restore without keeping the identity, or overwrite it.");
        }

        // The definition first: from then on the mark tells whose it is.
        _isMade = true;
        _datacenter.Save(kept with
        {
            Uuid = _uuid,
            Name = _opening.Name ?? kept.Name,
            HostId = _opening.HostId ?? kept.HostId,
            Power = PowerState.Off,
            Mark = _mark,
            Damage = null,
            Disks = [.. _opening.Disks.Select(disk => DiskOf(kept, disk))],
            Nics = [.. kept.Nics.Select((nic, i) => new FakeNic(_opening.KeepsIdentity ? nic.Mac : FakeDatacenter.NewMac(), _opening.Networks.GetValueOrDefault(i, nic.NetworkId)))],
        });
        await _datacenter.PassAsync(FakeStep.RestoreCreate, cancellationToken, _uuid);
        foreach (RestoreDisk disk in _opening.Disks)
        {
            string file = _datacenter.DiskFile(_uuid, disk.Id);
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            if (!servesFiles)
            {
                FakeFile.CreateDisk(file, disk.SizeBytes);
            }
        }
    }

    private FakeDisk DiskOf(FakeMachine kept, RestoreDisk disk)
    {
        FakeDisk? before = kept.Disks.FirstOrDefault(candidate => candidate.Id == disk.Id);
        return new FakeDisk(disk.Id, before?.Name ?? disk.Id, disk.SizeBytes, disk.StorageId ?? _opening.StorageId ?? before?.StorageId);
    }

    private void BeginOverwriting()
    {
        FakeMachine machine = _datacenter.TryMachine(_uuid) is { Mark: null } found ? found : throw FakeErrors.NoMachine(_uuid);
        if (machine.Power != PowerState.Off)
        {
            throw FakeErrors.Running(machine.Name);
        }

        foreach (RestoreDisk disk in _opening.Disks)
        {
            if (machine.Disks.FirstOrDefault(candidate => candidate.Id == disk.Id)?.SizeBytes != disk.SizeBytes)
            {
                throw FakeErrors.Unfit($"Machine '{machine.Name}' has no disk '{disk.Id}' of {disk.SizeBytes} bytes.", "Restore to a new machine.");
            }
        }

        if (_datacenter.Folders(_uuid, "accesses").Concat(_datacenter.Folders(_uuid, "overwriting")).FirstOrDefault() is { } other)
        {
            throw FakeErrors.Busy(machine.Name, Path.GetFileName(other));
        }

        Directory.CreateDirectory(Path.GetDirectoryName(OverwritingFile)!);
        File.WriteAllBytes(OverwritingFile, []);
        _isMade = true;
        _datacenter.Save(machine with { Damage = "A restore onto it has not been completed." });
        if (_opening.Disks.Count < machine.Disks.Count)
        {
            _warnings.Add($"{machine.Disks.Count - _opening.Disks.Count} disks of machine '{machine.Name}' stay as they are.");
        }
    }

    /// <summary>Files are written by somebody else: what changes in them nobody would know, so no checkpoint may survive.</summary>
    private DiskEndpoint EndpointOf(RestoreDisk disk, bool servesFiles)
    {
        if (!servesFiles)
        {
            return new DiskEndpoint.Target(cancellationToken =>
            {
                cancellationToken.ThrowIfCancellationRequested();
                return new ValueTask<IBlockTarget>(new FakeDiskTarget(_datacenter, _uuid, disk.Id, Overwrites));
            });
        }

        _datacenter.Folders(_uuid, "checkpoints").ForEach(FakeFile.RemoveDirectory);
        return new DiskEndpoint.File(_datacenter.DiskFile(_uuid, disk.Id), "raw");
    }

    private void Undo()
    {
        if (!_isMade)
        {
            return;
        }

        if (Overwrites)
        {
            File.Delete(OverwritingFile);
        }
        else
        {
            _datacenter.Remove(_uuid);
        }
    }
}
