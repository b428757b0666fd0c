using System.Collections.Concurrent;
using VProtect.Abstractions;
using VProtect.Abstractions.Nodes;

namespace VProtect.Server.Rebuild;

/// <summary>
/// Whether this appliance was recovered elsewhere and runs all the same, as nodes find in repositories before they write there: then schedules, retention and recovery plans start nothing,
/// for the other one does all of it. The daily copy is tried on, each hour; when it, or a backup, goes through again at the same destination, all goes on.
/// In memory only: after a restart the first that writes finds it again. Safe for any number of callers.
/// </summary>
internal sealed partial class Succession(ILogger<Succession> logger)
{
    private readonly ConcurrentDictionary<Guid, byte> _superseded = new();

    /// <summary>Whether nothing may be started by the clock.</summary>
    public bool IsSuperseded => !_superseded.IsEmpty;

    /// <summary>Takes note of how work at a destination ended.</summary>
    public void Note(Guid destination, TaskOutcome outcome)
    {
        if (outcome.Fault is { Code: ErrorCode.ApplianceSuperseded } fault)
        {
            if (_superseded.TryAdd(destination, 0))
            {
                Log.Superseded(logger, fault.Message, fault.Guidance);
            }
        }
        else if (outcome.Result is BackupResult or ApplianceBackupResult && _superseded.TryRemove(destination, out _))
        {
            Log.GoesOn(logger);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(5400, LogLevel.Error, "Schedules, retention and recovery plans are stopped: {Message} {Guidance}")]
        public static partial void Superseded(ILogger logger, string message, string guidance);

        [LoggerMessage(5401, LogLevel.Warning, "This appliance may write to its destination again, and its schedules go on")]
        public static partial void GoesOn(ILogger logger);
    }
}
