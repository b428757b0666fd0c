using System.Diagnostics;

namespace VProtect.Testing.FakePlatform;

/// <summary>
/// The directory behind a fake platform, and what tests do to it. Everything is in files, so that it is the same for every process,
/// and what a killed one left behind is there to be seen:
/// <code>
/// datacenter.json                       hosts, storages, networks
/// machines/UUID/machine.json            definition
/// machines/UUID/disks/ID.raw            bytes
/// machines/UUID/checkpoints/ID/         dirty blocks since a backup
/// machines/UUID/snapshots/ID/           copies that the platform keeps
/// machines/UUID/accesses/MARK/          copies made for a backup at work
/// machines/UUID/frozen/MARK             file systems are frozen
/// machines/UUID/overwriting/MARK        a restore onto the machine is at work
/// locks/UUID                            one at a time for each machine
/// faults/                               what shall go wrong
/// </code>
/// </summary>
public sealed class FakeDatacenter(string path)
{
    private static readonly TimeSpan HitPatience = TimeSpan.FromMinutes(3);

    private readonly FaultBoard _faults = new(System.IO.Path.Join(path, "faults"));

    /// <summary>The directory: the address of the platform.</summary>
    public string Path => path;

    internal bool Exists => Directory.Exists(Machines);

    internal FakeSite Site => FakeFile.TryRead<FakeSite>(SiteFile) ?? new FakeSite();

    private string Machines => System.IO.Path.Join(path, "machines");

    private string SiteFile => System.IO.Path.Join(path, "datacenter.json");

    /// <summary>Makes an empty datacenter.</summary>
    public static FakeDatacenter Create(string path, FakeSite? site = null)
    {
        var datacenter = new FakeDatacenter(path);
        Directory.CreateDirectory(datacenter.Machines);
        Directory.CreateDirectory(System.IO.Path.Join(path, "locks"));
        FakeFile.Write(datacenter.SiteFile, site ?? new FakeSite());
        return datacenter;
    }

    /// <summary>Adds a running machine with disks of zeros, called <c>disk-0</c>, <c>disk-1</c> …</summary>
    public FakeMachine AddMachine(string name, params long[] diskBytes) => Add(new FakeMachine
    {
        Uuid = Guid.NewGuid().ToString(),
        Name = name,
        Disks = [.. diskBytes.Select((size, i) => new FakeDisk($"disk-{i}", $"{name} disk {i}", size))],
        Nics = [new FakeNic(NewMac(), "lan")],
    });

    /// <summary>Adds a machine with disks of zeros.</summary>
    public FakeMachine Add(FakeMachine machine)
    {
        foreach (FakeDisk disk in machine.Disks)
        {
            FakeFile.CreateDisk(DiskFile(machine.Uuid, disk.Id), disk.SizeBytes);
        }

        Save(machine);
        return machine;
    }

    /// <summary>The machine as it is now.</summary>
    public FakeMachine Machine(string uuid) => FakeFile.Read<FakeMachine>(MachineFile(uuid));

    /// <summary>Changes a machine's definition.</summary>
    public FakeMachine Change(string uuid, Func<FakeMachine, FakeMachine> change)
    {
        FakeMachine changed = change(Machine(uuid));
        Save(changed);
        return changed;
    }

    /// <summary>Removes a machine with all that is its own.</summary>
    public void Remove(string uuid) => FakeFile.RemoveDirectory(Folder(uuid));

    /// <summary>The guest writes: bytes change, and every checkpoint remembers where.</summary>
    public async Task WriteAsync(string machineUuid, string disk, long offsetBytes, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken = default)
    {
        using IDisposable held = await LockAsync(machineUuid, cancellationToken);
        foreach (string checkpoint in Folders(machineUuid, "checkpoints"))
        {
            if (File.Exists(MapFile(checkpoint, disk)))
            {
                DirtyMap.Mark(MapFile(checkpoint, disk), offsetBytes, bytes.Length);
            }
        }

        await using var file = new FileStream(DiskFile(machineUuid, disk), FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        file.Position = offsetBytes;
        await file.WriteAsync(bytes, CancellationToken.None);
    }

    /// <summary>All bytes of a disk as they are now.</summary>
    public async Task<byte[]> ReadAsync(string machineUuid, string disk, CancellationToken cancellationToken = default)
    {
        using IDisposable held = await LockAsync(machineUuid, cancellationToken);
        return await File.ReadAllBytesAsync(DiskFile(machineUuid, disk), cancellationToken);
    }

    /// <summary>Makes a snapshot that is not ours.</summary>
    /// <returns>Its id.</returns>
    public async Task<string> AddForeignSnapshotAsync(string machineUuid, string name)
    {
        using IDisposable held = await LockAsync(machineUuid, CancellationToken.None);
        var snapshot = new FakeSnapshot(Guid.NewGuid().ToString("N"), name, DateTimeOffset.UtcNow, IsQuiesced: false, Mark: null);
        string folder = SnapshotFolder(machineUuid, snapshot.Id);
        Directory.CreateDirectory(folder);
        foreach (FakeDisk disk in Machine(machineUuid).Disks)
        {
            FakeFile.CopyDisk(DiskFile(machineUuid, disk.Id), System.IO.Path.Join(folder, disk.Id + ".raw"));
        }

        FakeFile.Write(System.IO.Path.Join(folder, "snapshot.json"), snapshot);
        return snapshot.Id;
    }

    /// <summary>Orders a fault.</summary>
    /// <returns>Its id, for <see cref="Lift"/>.</returns>
    public string Order(Fault fault) => _faults.Order(fault);

    /// <summary>Takes a fault back; who is paused by it goes on.</summary>
    public void Lift(string fault) => _faults.Lift(fault);

    /// <summary>Takes all faults back.</summary>
    public void LiftAll() => _faults.LiftAll();

    /// <summary>How often the step of a fault was reached.</summary>
    public long HitsOf(string fault) => _faults.HitsOf(fault);

    /// <summary>Waits until the step of a fault was reached; far longer than anything takes, but not for ever.</summary>
    /// <exception cref="TimeoutException">Nobody came there.</exception>
    public async Task WaitForHitAsync(string fault, CancellationToken cancellationToken)
    {
        long begun = Stopwatch.GetTimestamp();
        while (HitsOf(fault) == 0)
        {
            if (Stopwatch.GetElapsedTime(begun) > HitPatience)
            {
                throw new TimeoutException($"The step of fault {fault} was not reached in {HitPatience}.");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(5), cancellationToken);
        }
    }

    /// <summary>Everything that bears our mark and is not complete: empty when no task is at work and nothing was left behind. A line each.</summary>
    public IReadOnlyList<string> Leftovers() => [.. FakeLeftover.Find(this).Select(leftover => leftover.Text)];

    /// <summary>Commands that were run in a machine: a line of JSON with arguments and environment for each.</summary>
    public IReadOnlyList<string> GuestLog(string machineUuid) =>
        File.Exists(GuestLogFile(machineUuid)) ? File.ReadAllLines(GuestLogFile(machineUuid)) : [];

    /// <summary>How many moments the platform records changes since, for later incremental backups.</summary>
    public int CheckpointCount(string machineUuid) => Folders(machineUuid, "checkpoints").Count;

    internal static string NewMac() => $"52:54:00:{Random.Shared.Next(256):x2}:{Random.Shared.Next(256):x2}:{Random.Shared.Next(256):x2}";

    internal static string MapFile(string folder, string disk) => System.IO.Path.Join(folder, disk + ".dirty");

    /// <summary>Holds a machine for oneself.</summary>
    internal Task<IDisposable> LockAsync(string machineUuid, CancellationToken cancellationToken) =>
        MachineLock.TakeAsync(System.IO.Path.Join(path, "locks", machineUuid), cancellationToken);

    internal ValueTask PassAsync(string step, CancellationToken cancellationToken, string? machineUuid = null, long offsetBytes = 0, long lengthBytes = 0) =>
        Exists ? _faults.PassAsync(step, machineUuid, offsetBytes, lengthBytes, cancellationToken) : throw FakeErrors.Unreachable();

    internal IReadOnlyList<string> Uuids() => [.. Directory.EnumerateDirectories(Machines).Select(folder => System.IO.Path.GetFileName(folder)).Order(StringComparer.Ordinal)];

    internal FakeMachine? TryMachine(string uuid) => FakeFile.TryRead<FakeMachine>(MachineFile(uuid));

    internal void Save(FakeMachine machine) => FakeFile.Write(MachineFile(machine.Uuid), machine);

    internal string Folder(string uuid) => System.IO.Path.Join(Machines, uuid);

    internal string Folder(string uuid, string kind, string name) => System.IO.Path.Join(Folder(uuid), kind, name);

    /// <summary>Folders or files of a kind within a machine's, by name.</summary>
    internal List<string> Folders(string uuid, string kind)
    {
        try
        {
            return [.. Directory.EnumerateFileSystemEntries(System.IO.Path.Join(Folder(uuid), kind)).Order(StringComparer.Ordinal)];
        }
        catch (DirectoryNotFoundException)
        {
            return [];
        }
    }

    internal string DiskFile(string uuid, string disk) => System.IO.Path.Join(Folder(uuid), "disks", disk + ".raw");

    internal string SnapshotFolder(string uuid, string id) => Folder(uuid, "snapshots", id);

    internal string GuestLogFile(string uuid) => System.IO.Path.Join(Folder(uuid), "guest.log");

    private string MachineFile(string uuid) => System.IO.Path.Join(Folder(uuid), "machine.json");
}
