using System.Text.Json;

namespace VProtect.Testing.FakePlatform;

/// <summary>Faults that are ordered: a file for each in <c>faults/</c>, and beside it a byte for each time its step was reached.</summary>
internal sealed class FaultBoard(string path)
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(10);

    public string Order(Fault fault)
    {
        string id = Guid.NewGuid().ToString("N");
        FakeFile.Write(FileOf(id), fault);
        return id;
    }

    public void Lift(string id) => File.Delete(FileOf(id));

    public void LiftAll()
    {
        foreach (string file in Files())
        {
            File.Delete(file);
        }
    }

    public long HitsOf(string id) => new FileInfo(HitsFileOf(id)) is { Exists: true } file ? file.Length : 0;

    /// <summary>Passes a step, or does what was ordered for it.</summary>
    public async ValueTask PassAsync(string step, string? machineUuid, long offsetBytes, long lengthBytes, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        foreach (string file in Files())
        {
            Fault? fault = TryRead(file);
            if (fault is null || fault.Step != step
                || (fault.MachineUuid is { } uuid && uuid != machineUuid)
                || (fault.OffsetBytes is { } offset && (offset < offsetBytes || offset >= offsetBytes + lengthBytes)))
            {
                continue;
            }

            string id = Path.GetFileNameWithoutExtension(file);
            if (Hit(id) > fault.Passes)
            {
                await ActAsync(file, fault, cancellationToken);
            }
        }
    }

    private static async Task ActAsync(string file, Fault fault, CancellationToken cancellationToken)
    {
        switch (fault.Kind)
        {
            case FaultKind.Fail:
                throw FakeErrors.Failed($"The platform failed at {fault.Step}, as ordered.");
            case FaultKind.Unreachable:
                throw FakeErrors.Unreachable();
            case FaultKind.Denied:
                throw FakeErrors.Denied();
            case FaultKind.Pause:
                while (File.Exists(file))
                {
                    await Task.Delay(Look, cancellationToken);
                }

                break;
            default:
                await Task.Delay(fault.Delay, cancellationToken);
                break;
        }
    }

    private long Hit(string id)
    {
        using var hits = new FileStream(HitsFileOf(id), FileMode.Append, FileAccess.Write, FileShare.ReadWrite);
        hits.WriteByte((byte)'.');
        hits.Flush();
        return hits.Position;
    }

    private static Fault? TryRead(string file)
    {
        try
        {
            return JsonSerializer.Deserialize<Fault>(File.ReadAllBytes(file), FakeFile.Json);
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }

    private string[] Files() => Directory.Exists(path) ? Directory.GetFiles(path, "*.json") : [];

    private string FileOf(string id) => Path.Join(path, id + ".json");

    private string HitsFileOf(string id) => Path.Join(path, id + ".hits");
}
