using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using VProtect.Abstractions;

namespace VProtect.Connectors.Kvm.Hosts;

/// <summary>
/// One connection to a host that serves many commands, so that only the first pays for keys and login: a master of OpenSSH, whose own session reads what we never
/// write. It ends with us, however we do. One that has ended is followed by a new one; wherever it cannot serve, a command takes a connection of its own.
/// </summary>
internal sealed class SharedSshConnection(string directory, Func<string, string, ProcessStartInfo> toMaster) : IAsyncDisposable
{
    /// <summary>sshd lets ten sessions through a connection (MaxSessions); one is the master's own.</summary>
    private const int CommandsMax = 8;

    /// <summary>What a unix socket's path may take, less the 17 characters that ssh appends while it makes the socket.</summary>
    private const int PathBytesMax = 107 - 17;

    /// <summary>Says that it is there, then ends with its input, and with it the connection.</summary>
    private const string OwnSession = "echo; exec cat >/dev/null";

    private static readonly TimeSpan StartTimeMax = TimeSpan.FromSeconds(30);

    /// <summary>After one that could not be made.</summary>
    private static readonly TimeSpan PauseTime = TimeSpan.FromSeconds(30);

    private readonly Lock _lock = new();
    private readonly List<Master> _masters = [];
    private int _count;
    private long? _failedAt;
    private bool _isDisposed;

    /// <summary>The process of the connection that the next command would take; null when there is none.</summary>
    internal int? ProcessId
    {
        get
        {
            lock (_lock)
            {
                return Current?.Id;
            }
        }
    }

    private Master? Current => _masters.LastOrDefault(master => !master.IsLeft && !master.HasEnded);

    /// <summary>A place on the connection for one command, which is made when there is none; null: the command takes a connection of its own.</summary>
    internal async Task<Place?> TryEnterAsync(CancellationToken cancellationToken)
    {
        Master? master;
        lock (_lock)
        {
            master = FindOrStart();
            if (master is null || master.Commands == CommandsMax)
            {
                return null;
            }

            master.Commands++;
        }

        var place = new Place(this, master);
        try
        {
            if (await master.Ready.WaitAsync(StartTimeMax, cancellationToken))
            {
                return place;
            }
        }
        catch (TimeoutException)
        {
            // The host lets nobody in, or slowly: what the command's own connection meets is what is told.
        }
        catch (OperationCanceledException)
        {
            place.Dispose();
            throw;
        }

        place.Doubt();
        place.Dispose();
        lock (_lock)
        {
            _failedAt = Stopwatch.GetTimestamp();
        }

        return null;
    }

    public async ValueTask DisposeAsync()
    {
        Master[] masters;
        lock (_lock)
        {
            _isDisposed = true;
            masters = [.. _masters];
            _masters.Clear();
        }

        await Task.WhenAll(masters.Select(master => master.StopAsync()));
    }

    private Master? FindOrStart()
    {
        if (_isDisposed || (_failedAt is { } failedAt && Stopwatch.GetElapsedTime(failedAt) < PauseTime))
        {
            return null;
        }

        foreach (Master ended in _masters.Where(master => master.HasEnded && master.Commands == 0).ToArray())
        {
            ended.Dispose();
            _masters.Remove(ended);
        }

        if (Current is { } current)
        {
            return current;
        }

        // A name of its own: the socket of one that was killed stays behind.
        string path = Path.Join(directory, $"m{_count++}");
        if (Encoding.UTF8.GetByteCount(path) > PathBytesMax)
        {
            return null;
        }

        ProcessStartInfo info = toMaster(ToArgument(path), OwnSession);
        info.RedirectStandardInput = true;
        info.RedirectStandardOutput = true;
        info.RedirectStandardError = true;
        try
        {
            var master = new Master(Programs.Start(info), path);
            _masters.Add(master);
            return master;
        }
        catch (Win32Exception)
        {
            // What the command's own start meets is what is told.
            return null;
        }
    }

    /// <summary>ssh replaces what follows a percent sign.</summary>
    private static string ToArgument(string path) => path.Replace("%", "%%", StringComparison.Ordinal);

    private void Leave(Master master, bool forGood)
    {
        lock (_lock)
        {
            master.Commands--;
            master.IsLeft |= forGood;
            if (master.IsLeft && master.Commands == 0 && !_isDisposed)
            {
                master.Kill();
            }
        }
    }

    /// <summary>One command's part of the connection, until disposed.</summary>
    internal sealed class Place : IDisposable
    {
        private readonly SharedSshConnection _connection;
        private readonly Master _master;
        private bool _isDoubtful;

        internal Place(SharedSshConnection connection, Master master)
        {
            _connection = connection;
            _master = master;
        }

        /// <summary>Arguments of an ssh that goes through it.</summary>
        internal IReadOnlyList<string> Arguments => ["-S", ToArgument(_master.Path), "-o", "ControlMaster=no"];

        /// <summary>The command got no answer: the next one gets a new connection, this one goes when its other commands have ended.</summary>
        internal void Doubt() => _isDoubtful = true;

        public void Dispose() => _connection.Leave(_master, _isDoubtful);
    }

    internal sealed class Master : IDisposable
    {
        private readonly Process _process;

        internal Master(Process process, string path)
        {
            _process = process;
            Path = path;
            process.ErrorDataReceived += static (_, _) => { };
            process.BeginErrorReadLine();
            Ready = ReadAsync();
        }

        internal string Path { get; }

        internal int Id => _process.Id;

        /// <summary>Whether it became a connection.</summary>
        internal Task<bool> Ready { get; }

        internal int Commands { get; set; }

        /// <summary>No command goes through it any more.</summary>
        internal bool IsLeft { get; set; }

        internal bool HasEnded => _process.HasExited;

        /// <summary>Asked to end, it would wait for what cancelled commands still do on the host.</summary>
        internal void Kill() => _process.Kill();

        internal async Task StopAsync()
        {
            Kill();
            await _process.WaitForExitAsync();
            Dispose();
        }

        public void Dispose() => _process.Dispose();

        private async Task<bool> ReadAsync()
        {
            try
            {
                return await _process.StandardOutput.BaseStream.ReadAsync(new byte[256]) > 0;
            }
            catch (IOException)
            {
                return false;
            }
        }
    }
}
