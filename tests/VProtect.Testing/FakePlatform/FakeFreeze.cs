using VProtect.Abstractions;
using VProtect.Connectors.Contract;

namespace VProtect.Testing.FakePlatform;

/// <summary>Frozen file systems of a machine, thawed when it is disposed.</summary>
internal sealed class FakeFreeze : IAsyncDisposable
{
    private readonly string? _file;

    private FakeFreeze(string? file, string? warning)
    {
        _file = file;
        Warning = warning;
    }

    public bool IsFrozen => _file is not null;

    /// <summary>Why they are not frozen although it was tried.</summary>
    public string? Warning { get; }

    public static async Task<FakeFreeze> TakeAsync(
        FakeDatacenter datacenter, FakeMachine machine, string mark, QuiesceMode mode, string step, CancellationToken cancellationToken)
    {
        if (mode == QuiesceMode.No || machine.Power != PowerState.Running)
        {
            return new FakeFreeze(file: null, warning: null);
        }

        string why = "it has no guest agent";
        if (machine.Guest.HasAgent)
        {
            string file = datacenter.Folder(machine.Uuid, "frozen", mark);
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            await File.WriteAllBytesAsync(file, [], cancellationToken);
            try
            {
                await datacenter.PassAsync(step, cancellationToken, machine.Uuid);
                return new FakeFreeze(file, warning: null);
            }
            catch (VProtectException exception)
            {
                File.Delete(file);
                why = exception.Message;
            }
            catch
            {
                File.Delete(file);
                throw;
            }
        }

        VProtectException failure = FakeErrors.NotFrozen(machine.Name, why);
        return mode == QuiesceMode.Try ? new FakeFreeze(file: null, failure.Message) : throw failure;
    }

    public ValueTask DisposeAsync()
    {
        if (_file is not null)
        {
            File.Delete(_file);
        }

        return ValueTask.CompletedTask;
    }
}
