using VProtect.Server.Api.Shared;

namespace VProtect.Server.Api.Settings;

/// <summary>Settings of the log in the data directory.</summary>
internal sealed partial record GlobalSettings
{
    /// <summary>Lines for people in <c>vprotect.log</c>.</summary>
    public const string LogText = "TEXT";

    /// <summary>JSON objects in <c>vprotect.jsonl</c>.</summary>
    public const string LogJson = "JSON";

    /// <summary>Both files.</summary>
    public const string LogBoth = "BOTH";

    /// <summary>How the log is written: TEXT (<c>logs/vprotect.log</c>), JSON (<c>logs/vprotect.jsonl</c>, an object a line) or BOTH; default TEXT.</summary>
    public string LogFormat { get; init; } = LogText;

    /// <summary>A file of the log is closed and another begun at this size, bytes; default 10 MiB, 64 KiB to 1 GiB.</summary>
    public long LogFileBytesMax { get; init; } = 10 << 20;

    /// <summary>A file of the log is closed and another begun at this age, ms; default 30 days, 1 h to 1 year.</summary>
    public long LogFileAgeMax { get; init; } = 30 * Day;

    /// <summary>How many files of each log there are at most; default 10, 2 to 1000.</summary>
    public int LogFilesMax { get; init; } = 10;

    /// <summary>Files of the log that nothing was written to for this long go when the next one is begun, ms; default 1 year, 1 day to 10 years.</summary>
    public long LogRetention { get; init; } = 365 * Day;

    private void CheckLog()
    {
        if (LogFormat is not (LogText or LogJson or LogBoth))
        {
            throw new InvalidFieldException("logFormat", "It is not known.", $"Use {LogText}, {LogJson} or {LogBoth}.");
        }

        Between("logFileBytesMax", LogFileBytesMax, 64 << 10, 1 << 30);
        Between("logFileAgeMax", LogFileAgeMax, 60 * Minute, 366 * Day);
        Between("logFilesMax", LogFilesMax, 2, 1000);
        Between("logRetention", LogRetention, Day, 3650 * Day);
    }
}
