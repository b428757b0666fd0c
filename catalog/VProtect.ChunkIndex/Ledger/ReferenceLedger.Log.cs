using Microsoft.Extensions.Logging;

namespace VProtect.ChunkIndex.Ledger;

public sealed partial class ReferenceLedger
{
    private static partial class Log
    {
        [LoggerMessage(4111, LogLevel.Information, "Reference ledger in {Directory} recovered: {Points} points, {Entries} entries at most")]
        public static partial void Recovered(ILogger logger, string directory, int points, long entries);

        [LoggerMessage(4112, LogLevel.Information, "Reference ledger in {Directory} starts empty: {Reason}")]
        public static partial void StartedEmpty(ILogger logger, string directory, string reason);

        [LoggerMessage(4113, LogLevel.Debug, "Reference ledger in {Directory}: checkpoint of {Points} points, {Entries} entries in {Pages} pages")]
        public static partial void Checkpointed(ILogger logger, string directory, int points, long entries, int pages);
    }
}
