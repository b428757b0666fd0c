using Microsoft.Extensions.Logging;

namespace VProtect.ChunkIndex;

public sealed partial class FasterChunkIndex
{
    private static partial class Log
    {
        [LoggerMessage(4101, LogLevel.Information, "Chunk index in {Directory} recovered: {Packs} packs, {Entries} entries")]
        public static partial void Recovered(ILogger logger, string directory, int packs, long entries);

        [LoggerMessage(4102, LogLevel.Information, "Chunk index in {Directory} starts empty: {Reason}")]
        public static partial void StartedEmpty(ILogger logger, string directory, string reason);

        [LoggerMessage(4103, LogLevel.Warning, "Chunk index in {Directory}: checkpoint {Checkpoint} is not usable: {Reason}")]
        public static partial void CheckpointUnusable(ILogger logger, string directory, ulong checkpoint, string reason);

        [LoggerMessage(4104, LogLevel.Debug, "Chunk index in {Directory}: hash table has grown to {Buckets} buckets in {DurationMs} ms")]
        public static partial void Grown(ILogger logger, string directory, long buckets, long durationMs);

        [LoggerMessage(4105, LogLevel.Debug, "Chunk index in {Directory}: checkpoint of {Entries} entries, log of {LogBytes} bytes, table written: {WithTable}")]
        public static partial void Checkpointed(ILogger logger, string directory, long entries, long logBytes, bool withTable);

        [LoggerMessage(4106, LogLevel.Warning, "Chunk index in {Directory}: {Records} records of the journal are damaged; run 'vprotect repo verify' to find bad chunks again")]
        public static partial void JournalDamaged(ILogger logger, string directory, int records);

        [LoggerMessage(4107, LogLevel.Information, "Chunk index in {Directory}: {Records} records rewritten, {Kept} kept, table of {Buckets} buckets, in {DurationMs} ms; adders waited {PauseMs} ms")]
        public static partial void Rewritten(ILogger logger, string directory, long records, long kept, long buckets, long durationMs, long pauseMs);

        [LoggerMessage(4108, LogLevel.Warning, "Chunk index in {Directory} could not be rewritten and goes on as it is, more slowly: {Reason}")]
        public static partial void NotRewritten(ILogger logger, string directory, string reason);

        [LoggerMessage(4109, LogLevel.Warning, "Chunk index in {Directory}: {Warning}")]
        public static partial void MemoryOutgrown(ILogger logger, string directory, string warning);
    }
}
