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

    public async Task CheckGuestFilesAsync(string machineUuid, CancellationToken cancellationToken)
    {
        await ConnectAsync(cancellationToken);
        Require(Capabilities.GuestFiles, "write files into machines");
        FakeMachine machine = Find(machineUuid);
        Require(machine.Guest.HasAgent && machine.Power == PowerState.Running, $"write files into machine '{machine.Name}', which has no agent at work");
    }

    /// <summary>Like commands, files of guests are this machine's.</summary>
    public async Task<IGuestFileWriter> CreateGuestFileAsync(string machineUuid, string path, CancellationToken cancellationToken)
    {
        await CheckGuestFilesAsync(machineUuid, cancellationToken);
        return new FileHere(datacenter, machineUuid, new FileStream(path, FileMode.Create, FileAccess.Write));
    }

    private static async Task<GuestCommandResult> RunHereAsync(GuestCommand command, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(command.Arguments[0], command.Arguments.Skip(1)) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
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
            await process.StandardInput.BaseStream.WriteAsync(command.Input, patience.Token);
            process.StandardInput.Close();
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

    private sealed class FileHere(FakeDatacenter datacenter, string machineUuid, FileStream file) : IGuestFileWriter
    {
        public async Task WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
        {
            await datacenter.PassAsync(FakeStep.Guest, cancellationToken, machineUuid);
            await file.WriteAsync(bytes, cancellationToken);
        }

        public Task CompleteAsync(CancellationToken cancellationToken) => file.FlushAsync(cancellationToken);

        public ValueTask DisposeAsync() => file.DisposeAsync();
    }
}
