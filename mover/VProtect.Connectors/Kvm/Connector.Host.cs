using VProtect.Connectors.Contract;

namespace VProtect.Connectors.Kvm;

/// <content>Commands and files in guests, and cleaning up.</content>
internal sealed partial class KvmConnector
{
    public Task<GuestCommandResult> RunInGuestAsync(GuestCommand command, CancellationToken cancellationToken) =>
        GuestCommands.RunAsync(_platform, command, cancellationToken);

    public Task CheckGuestFilesAsync(string machineUuid, CancellationToken cancellationToken) =>
        GuestFileWriter.CheckAsync(_platform, machineUuid, cancellationToken);

    public async Task<IGuestFileWriter> CreateGuestFileAsync(string machineUuid, string path, CancellationToken cancellationToken) =>
        await GuestFileWriter.OpenAsync(_platform, machineUuid, path, cancellationToken);

    public Task<IReadOnlyList<string>> CleanUpAsync(IReadOnlySet<string> running, CancellationToken cancellationToken) =>
        new CleanUp(_platform, running).RunAsync(cancellationToken);
}
