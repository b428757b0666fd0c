using VProtect.Server.Hosting;
using VProtect.Server.Monitoring.Telemetry.Otlp;

namespace VProtect.Server.Monitoring.Telemetry;

/// <summary>
/// Lines of the log that wait to be sent. Whoever logs never waits: beyond <see cref="BytesMax"/> the oldest go, which is counted. Safe for any number of callers.
/// </summary>
internal sealed class TelemetryLog(TimeProvider time) : ILoggerProvider, ISupportExternalScope
{
    /// <summary>Lines that wait, at most: about twenty thousand.</summary>
    public const int BytesMax = 8 << 20;

    /// <summary>Lines of a request, at most.</summary>
    private const int BatchBytesMax = 1 << 20;

    private readonly TimeProvider _time = time;
    private readonly Lock _lock = new();
    private readonly Queue<byte[]> _lines = new();
    private IExternalScopeProvider _scopes = new LoggerExternalScopeProvider();
    private long _bytes;
    private long _dropped;
    private volatile bool _isOn;

    /// <summary>Lines that went because too many waited.</summary>
    public long Dropped => Interlocked.Read(ref _dropped);

    /// <summary>Takes lines from now on, or no more; those that wait then go.</summary>
    public void Switch(bool isOn)
    {
        lock (_lock)
        {
            _isOn = isOn;
            if (!isOn)
            {
                _lines.Clear();
                _bytes = 0;
            }
        }
    }

    /// <summary>The oldest lines, as many as fit into a request; none when none wait. They wait no more.</summary>
    public IReadOnlyList<byte[]> Take()
    {
        lock (_lock)
        {
            List<byte[]> batch = [];
            for (int bytes = 0; bytes < BatchBytesMax && _lines.TryDequeue(out byte[]? line); bytes += line.Length)
            {
                batch.Add(line);
                _bytes -= line.Length;
            }

            return batch;
        }
    }

    public ILogger CreateLogger(string categoryName) => new Category(this, categoryName);

    public void SetScopeProvider(IExternalScopeProvider scopeProvider) => _scopes = scopeProvider;

    public void Dispose() => Switch(isOn: false);

    private void Add(byte[] line)
    {
        lock (_lock)
        {
            if (!_isOn)
            {
                return;
            }

            _lines.Enqueue(line);
            _bytes += line.Length;
            while (_bytes > BytesMax)
            {
                _bytes -= _lines.Dequeue().Length;
                _dropped++;
            }
        }
    }

    private sealed class Category(TelemetryLog log, string name) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => log._scopes.Push(state);

        public bool IsEnabled(LogLevel logLevel) => log._isOn && logLevel != LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (!IsEnabled(logLevel))
            {
                return;
            }

            var named = new Dictionary<string, object?>(LogArguments.Scope(log._scopes), StringComparer.Ordinal);
            foreach ((string key, object? value) in LogArguments.Of(state).Named)
            {
                named[key] = value;
            }

            log.Add(OtlpLogs.Record(log._time.GetUtcNow(), logLevel, name, eventId, formatter(state, exception), named, exception));
        }
    }
}
