using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;
using VProtect.Connectors.Contract;

namespace VProtect.Testing.FakePlatform;

internal sealed partial class FakeConnector
{
    private static readonly JsonSerializerOptions OneLine = new();

    public async Task<GuestCommandResult> RunInGuestAsync(GuestCommand command, CancellationToken cancellationToken)
    {
        await ConnectAsync(cancellationToken);
        Require(Capabilities.GuestCommands, "run commands in machines");
        FakeMachine machine = Find(command.MachineUuid);
        Require(machine.Guest.HasAgent && machine.Power == PowerState.Running, $"run commands in machine '{machine.Name}', which has no agent at work");
        await datacenter.PassAsync(FakeStep.Guest, cancellationToken, machine.Uuid);
        string line = JsonSerializer.Serialize(new { command.Arguments, command.Environment }, OneLine);
        await File.AppendAllTextAsync(datacenter.GuestLogFile(machine.Uuid), line + "\n", cancellationToken);
        return machine.Guest.Commands.TryGetValue(command.Arguments[0], out GuestCommandResult? canned)
            ? canned
            : await RunHereAsync(command, cancellationToken);
    }

    private static async Task<GuestCommandResult> RunHereAsync(GuestCommand command, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(command.Arguments[0], command.Arguments.Skip(1)) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach ((string name, string value) in command.Environment)
        {
            start.Environment[name] = value;
        }

        using Process process = Start(start);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(command.Timeout);
        Task<string> output = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        Task<string> error = process.StandardError.ReadToEndAsync(CancellationToken.None);
        try
        {
            await process.WaitForExitAsync(patience.Token);
            return new GuestCommandResult(process.ExitCode, await output, await error);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw FakeErrors.Failed($"'{command.Arguments[0]}' did not end within {command.Timeout.TotalSeconds} s.");
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }

    private static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception exception)
        {
            throw FakeErrors.Failed($"'{start.FileName}' cannot be run: {exception.Message}", exception);
        }
    }
}
