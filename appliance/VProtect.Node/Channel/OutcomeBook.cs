using System.Text.Json;
using Microsoft.Extensions.Logging;
using VProtect.Abstractions;
using VProtect.Abstractions.Nodes;

namespace VProtect.Node.Channel;

/// <summary>
/// Outcomes that the server does not know yet: a small file each, written before the server is told and removed after, so that neither a
/// crash nor a cut channel loses one. Safe from several threads; <see cref="TellAsync"/> runs once.
/// </summary>
internal sealed partial class OutcomeBook : IDisposable
{
    private static readonly TimeSpan PauseMin = TimeSpan.FromSeconds(0.1);
    private static readonly TimeSpan PauseMax = TimeSpan.FromSeconds(5);

    private readonly string _directory;
    private readonly INodeChannel _channel;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private readonly List<TaskOutcome> _untold = [];
    private readonly SemaphoreSlim _arrived = new(0);
    private TaskCompletionSource _allTold = NewSignal();

    /// <param name="directory">Where the files are; made when missing.</param>
    /// <param name="channel">Whom to tell.</param>
    /// <param name="logger">Told of what cannot be kept or is not wanted any more.</param>
    /// <param name="time">For pauses.</param>
    public OutcomeBook(string directory, INodeChannel channel, ILogger logger, TimeProvider time)
    {
        _directory = directory;
        _channel = channel;
        _logger = logger;
        _time = time;
        Load();
    }

    /// <summary>Tasks whose outcome the server does not know yet.</summary>
    public IReadOnlyList<string> Untold
    {
        get
        {
            lock (_lock)
            {
                return [.. _untold.Select(outcome => outcome.TaskGuid)];
            }
        }
    }

    /// <summary>Keeps an outcome until the server has it.</summary>
    public void Keep(TaskOutcome outcome)
    {
        Write(outcome);
        lock (_lock)
        {
            _untold.Add(outcome);
            if (_allTold.Task.IsCompleted)
            {
                _allTold = NewSignal();
            }
        }

        _arrived.Release();
    }

    /// <summary>Tells the server until it is cancelled; an outcome at a time, in their order, each until it is heard.</summary>
    public async Task TellAsync(CancellationToken cancellationToken)
    {
        TimeSpan pause = PauseMin;
        while (!cancellationToken.IsCancellationRequested)
        {
            TaskOutcome? next;
            lock (_lock)
            {
                next = _untold.Count > 0 ? _untold[0] : null;
                if (next is null)
                {
                    _allTold.TrySetResult();
                }
            }

            if (next is null)
            {
                await _arrived.WaitAsync(cancellationToken);
                continue;
            }

            try
            {
                await _channel.CompleteAsync(next, cancellationToken);
            }
            catch (VProtectException e) when (e.Retry == RetryAdvice.Never)
            {
                // Another's by now, or removed: nobody waits for it.
                Log.NotWanted(_logger, next.TaskGuid, e.Message);
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
            {
                Log.NotTold(_logger, next.TaskGuid, e.Message);
                await Task.Delay(pause, _time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                pause = pause * 2 < PauseMax ? pause * 2 : PauseMax;
                continue;
            }

            pause = PauseMin;
            Remove(next);
        }
    }

    /// <summary>Completes when the server knows all there is.</summary>
    public Task WaitUntilToldAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return _untold.Count == 0 ? Task.CompletedTask : _allTold.Task.WaitAsync(cancellationToken);
        }
    }

    public void Dispose() => _arrived.Dispose();

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private string PathOf(TaskOutcome outcome) => Path.Combine(_directory, $"{SafeName.Of(outcome.TaskGuid)}.json");

    private void Load()
    {
        Directory.CreateDirectory(_directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        foreach (string path in Directory.EnumerateFiles(_directory).Order(StringComparer.Ordinal))
        {
            try
            {
                TaskOutcome? outcome = path.EndsWith(".json", StringComparison.Ordinal)
                    ? JsonSerializer.Deserialize(File.ReadAllBytes(path), NodeJson.Default.TaskOutcome)
                    : null;
                if (outcome is not null)
                {
                    _untold.Add(outcome);
                    continue;
                }
            }
            catch (JsonException e)
            {
                Log.Unreadable(_logger, path, e.Message);
            }

            File.Delete(path);
        }
    }

    private void Write(TaskOutcome outcome)
    {
        // A key that is shown once is written nowhere: whoever asked for it waits for it, or makes the repository again.
        if (outcome.Result is RepositoryResult { RecoveryKey: not null })
        {
            return;
        }

        string path = PathOf(outcome);
        string half = $"{path}.half";
        try
        {
            var options = new FileStreamOptions
            {
                Mode = FileMode.Create,
                Access = FileAccess.Write,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            };
            using (var file = new FileStream(half, options))
            {
                JsonSerializer.Serialize(file, outcome, NodeJson.Default.TaskOutcome);
                file.Flush(flushToDisk: true);
            }

            File.Move(half, path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Log.NotKept(_logger, outcome.TaskGuid, e.Message);
        }
    }

    private void Remove(TaskOutcome outcome)
    {
        lock (_lock)
        {
            _untold.Remove(outcome);

            // A later attempt's outcome has the same name.
            if (_untold.Any(other => other.TaskGuid == outcome.TaskGuid))
            {
                return;
            }
        }

        try
        {
            File.Delete(PathOf(outcome));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Log.NotKept(_logger, outcome.TaskGuid, e.Message);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(6010, LogLevel.Warning, "The outcome of task {TaskGuid} could not be told and is kept: {Reason}")]
        public static partial void NotTold(ILogger logger, string taskGuid, string reason);

        [LoggerMessage(6011, LogLevel.Information, "The server does not want the outcome of task {TaskGuid} any more: {Reason}")]
        public static partial void NotWanted(ILogger logger, string taskGuid, string reason);

        [LoggerMessage(6012, LogLevel.Error, "The outcome of task {TaskGuid} is not kept durably: {Reason}")]
        public static partial void NotKept(ILogger logger, string taskGuid, string reason);

        [LoggerMessage(6013, LogLevel.Error, "A kept outcome cannot be read and is given up: {Path}: {Reason}")]
        public static partial void Unreadable(ILogger logger, string path, string reason);
    }
}
