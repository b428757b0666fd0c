using System.Globalization;

namespace VProtect.Server.Hosting;

/// <summary>
/// The log in <c>logs/vprotect.log</c>: a line an event, UTC. At <see cref="FileBytesMax"/> the file becomes <c>vprotect.1.log</c> and so on; the oldest
/// goes. Small and our own, because a logging library costs a tenth of the time that a start may take.
/// </summary>
internal sealed class FileLog : ILoggerProvider
{
    public const long FileBytesMax = 10 << 20;
    public const int FilesMax = 10;

    private readonly Lock _lock = new();
    private readonly string _directory;
    private readonly TimeProvider _time;
    private readonly long _fileBytesMax;
    private StreamWriter _writer;

    public FileLog(string directory, TimeProvider time, long fileBytesMax = FileBytesMax)
    {
        _directory = directory;
        _time = time;
        _fileBytesMax = fileBytesMax;
        _writer = OpenFile();
    }

    public ILogger CreateLogger(string categoryName) => new Category(this, categoryName);

    public void Dispose()
    {
        lock (_lock)
        {
            _writer.Dispose();
        }
    }

    private string PathOf(int number) => Path.Join(_directory, number == 0 ? "vprotect.log" : string.Create(CultureInfo.InvariantCulture, $"vprotect.{number}.log"));

    private StreamWriter OpenFile() => new(new FileStream(PathOf(0), FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete)) { AutoFlush = true };

    private void Write(string line)
    {
        lock (_lock)
        {
            try
            {
                _writer.WriteLine(line);
                if (_writer.BaseStream.Length >= _fileBytesMax)
                {
                    Roll();
                }
            }
            catch (Exception exception) when (exception is IOException or ObjectDisposedException)
            {
                // A full disk must not stop the work that is logged; the console has the line.
            }
        }
    }

    private void Roll()
    {
        _writer.Dispose();
        File.Delete(PathOf(FilesMax - 1));
        for (int number = FilesMax - 2; number >= 0; number--)
        {
            if (File.Exists(PathOf(number)))
            {
                File.Move(PathOf(number), PathOf(number + 1), overwrite: true);
            }
        }

        _writer = OpenFile();
    }

    private sealed class Category(FileLog log, string name) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            string at = log._time.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

            // One line an event: what came from outside cannot pretend to be another.
            string text = formatter(state, exception).ReplaceLineEndings("\\n");
            string trouble = exception is null ? "" : " | " + exception.ToString().ReplaceLineEndings(" \\n ");
            log.Write($"{at} {logLevel} {name}[{eventId.Id}] {text}{trouble}");
        }
    }
}
