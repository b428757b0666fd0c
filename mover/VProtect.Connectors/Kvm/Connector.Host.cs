using VProtect.Connectors.Contract;

namespace VProtect.Connectors.Kvm;

/// <content>Commands in guests, and cleaning up.</content>
internal sealed partial class KvmConnector
{
    public Task<GuestCommandResult> RunInGuestAsync(GuestCommand command, CancellationToken cancellationToken) =>
        GuestCommands.RunAsync(_platform, command, cancellationToken);

    public Task<IReadOnlyList<string>> CleanUpAsync(IReadOnlySet<string> running, CancellationToken cancellationToken) =>
        new CleanUp(_platform, running).RunAsync(cancellationToken);
}
