using Microsoft.Extensions.Logging;

namespace VProtect.Appliance.Cli;

/// <summary>A log on standard error, for verbs that run until they are interrupted.</summary>
internal sealed class TerminalLog(TextWriter writer, LogLevel least) : ILoggerProvider, ILogger
{
    private readonly Lock _gate = new();

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= least && logLevel != LogLevel.None;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel))
        {
            string level = logLevel switch { LogLevel.Warning => "warning: ", >= LogLevel.Error => "error: ", _ => "" };
            string cause = exception is null ? "" : $": {exception.Message}";
            lock (_gate)
            {
                writer.WriteLine($"{level}{formatter(state, exception)}{cause}");
            }
        }
    }

    public void Dispose()
    {
    }
}
