namespace VProtect.Connectors.Contract;

/// <summary>A snapshot to create.</summary>
/// <param name="TaskGuid">The task it is for.</param>
/// <param name="MachineUuid">The machine.</param>
/// <param name="Name">What it is called on the platform; begins with <see cref="TaskMark.Prefix"/> so that ours are known.</param>
/// <param name="Quiesce">Whether to freeze.</param>
public sealed record SnapshotCreation(string TaskGuid, string MachineUuid, string Name, QuiesceMode Quiesce);

/// <summary>A snapshot on the platform.</summary>
/// <param name="Id">The platform's identity.</param>
/// <param name="Name">Its name.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="IsOurs">Whether we made it.</param>
/// <param name="IsQuiesced">Whether file systems were frozen; null when unknown.</param>
public sealed record MachineSnapshot(string Id, string Name, DateTimeOffset CreatedAt, bool IsOurs, bool? IsQuiesced);

/// <summary>A command to run inside a machine: an argument vector, never a shell line.</summary>
/// <param name="MachineUuid">The machine.</param>
/// <param name="Arguments">Program and arguments.</param>
/// <param name="Environment">Variables added to the guest's.</param>
/// <param name="Timeout">After which it is given up.</param>
public sealed record GuestCommand(
    string MachineUuid, IReadOnlyList<string> Arguments, IReadOnlyDictionary<string, string> Environment, TimeSpan Timeout)
{
    /// <summary>What it finds on standard input; at most 64 KiB.</summary>
    public ReadOnlyMemory<byte> Input { get; init; }
}

/// <summary>What a command in a machine did.</summary>
/// <param name="ExitCode">Its exit code.</param>
/// <param name="Output">Standard output, at most 64 KiB.</param>
/// <param name="Error">Standard error, at most 64 KiB.</param>
public sealed record GuestCommandResult(int ExitCode, string Output, string Error);
