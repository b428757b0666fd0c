using VProtect.Connectors.Contract;

namespace VProtect.Testing.FakePlatform;

/// <summary>A thing that bears a task's mark and is not complete.</summary>
/// <param name="Mark">Whose.</param>
/// <param name="Text">What it is.</param>
/// <param name="Remove">Removes it.</param>
internal sealed record FakeLeftover(string Mark, string Text, Action Remove)
{
    /// <summary>Looks through the whole datacenter.</summary>
    public static IEnumerable<FakeLeftover> Find(FakeDatacenter datacenter) => datacenter.Uuids().SelectMany(uuid => Find(datacenter, uuid));

    /// <summary>Looks at one machine.</summary>
    public static IEnumerable<FakeLeftover> Find(FakeDatacenter datacenter, string uuid) => datacenter.TryMachine(uuid) switch
    {
        null => [],
        { Mark: { } mark } machine => [new(mark, $"machine '{machine.Name}', half restored by {mark}", () => datacenter.Remove(uuid))],
        { } machine => Within(datacenter, machine),
    };

    /// <summary>Removes what an earlier attempt of a task left behind.</summary>
    public static void RemoveAllOf(FakeDatacenter datacenter, string mark)
    {
        foreach (FakeLeftover leftover in Find(datacenter).Where(leftover => leftover.Mark == mark).ToList())
        {
            leftover.Remove();
        }
    }

    private static IEnumerable<FakeLeftover> Within(FakeDatacenter datacenter, FakeMachine machine)
    {
        foreach (string folder in Ours(datacenter, machine, "accesses"))
        {
            yield return new(Path.GetFileName(folder), $"copies of machine '{machine.Name}' made by {Path.GetFileName(folder)}", () => FakeFile.RemoveDirectory(folder));
        }

        foreach (string folder in datacenter.Folders(machine.Uuid, "checkpoints"))
        {
            if (FakeFile.TryRead<FakeCheckpoint>(Path.Join(folder, "checkpoint.json"))?.Mark is { } mark)
            {
                yield return new(mark, $"checkpoint of machine '{machine.Name}' made by {mark}", () => FakeFile.RemoveDirectory(folder));
            }
        }

        foreach (string folder in datacenter.Folders(machine.Uuid, "snapshots"))
        {
            if (FakeFile.TryRead<FakeSnapshot>(Path.Join(folder, "snapshot.json"))?.Mark is { } mark)
            {
                yield return new(mark, $"half a snapshot of machine '{machine.Name}' made by {mark}", () => FakeFile.RemoveDirectory(folder));
            }
        }

        foreach (string file in Ours(datacenter, machine, "frozen"))
        {
            yield return new(Path.GetFileName(file), $"file systems of machine '{machine.Name}' frozen by {Path.GetFileName(file)}", () => File.Delete(file));
        }

        foreach (string file in Ours(datacenter, machine, "overwriting"))
        {
            yield return new(Path.GetFileName(file), $"disks of machine '{machine.Name}' half overwritten by {Path.GetFileName(file)}", () => File.Delete(file));
        }
    }

    private static IEnumerable<string> Ours(FakeDatacenter datacenter, FakeMachine machine, string kind) => datacenter
        .Folders(machine.Uuid, kind)
        .Where(entry => Path.GetFileName(entry).StartsWith(TaskMark.Prefix, StringComparison.Ordinal));
}
