using System.Globalization;
using VProtect.Server.Api.Settings;

namespace VProtect.Server.Hosting;

/// <summary>
/// The log in <c>logs/</c>, UTC, an event a line: <c>vprotect.log</c> for people, <c>vprotect.jsonl</c> for programs (<see cref="LogLine"/>), or both, as the settings say at that moment.
/// Small and our own, because a logging library costs a tenth of the time that a start may take.
/// </summary>
internal sealed class FileLog(string directory, TimeProvider time, Func<GlobalSettings> settings) : ILoggerProvider, ISupportExternalScope
{
    private readonly LogFile _text = new(directory, "vprotect", "log", time, settings);
    private readonly LogFile _json = new(directory, "vprotect", "jsonl", time, settings);
    private readonly TimeProvider _time = time;
    private readonly Func<GlobalSettings> _settings = settings;
    private IExternalScopeProvider _scopes = new LoggerExternalScopeProvider();

    public ILogger CreateLogger(string categoryName) => new Category(this, categoryName);

    public void SetScopeProvider(IExternalScopeProvider scopeProvider) => _scopes = scopeProvider;

    public void Dispose()
    {
        _text.Dispose();
        _json.Dispose();
    }

    private sealed class Category(FileLog log, string name) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => log._scopes.Push(state);

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            DateTimeOffset at = log._time.GetUtcNow();
            string message = formatter(state, exception);
            string format = log._settings().LogFormat;
            if (format != GlobalSettings.LogJson)
            {
                // One line an event: what came from outside cannot pretend to be another.
                string text = message.ReplaceLineEndings("\\n");
                string trouble = exception is null ? "" : " | " + exception.ToString().ReplaceLineEndings(" \\n ");
                log._text.Write($"{at.ToString(LogLine.TimeFormat, CultureInfo.InvariantCulture)} {logLevel} {name}[{eventId.Id}] {text}{trouble}");
            }

            if (format != GlobalSettings.LogText)
            {
                log._json.Write(LogLine.Of(at, logLevel, name, eventId, message, state, exception, log._scopes));
            }
        }
    }
}
