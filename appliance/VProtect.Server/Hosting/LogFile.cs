using System.Globalization;
using System.Text;
using VProtect.Server.Api.Settings;

namespace VProtect.Server.Hosting;

/// <summary>
/// A log of lines that rolls over: when the file is as large or as old as the settings allow, <c>NAME.EXT</c> becomes <c>NAME.1.EXT</c> and so on; what is one too many, or too old, goes.
/// Safe for any number of callers.
/// </summary>
internal sealed class LogFile(string directory, string name, string extension, TimeProvider time, Func<GlobalSettings> settings) : IDisposable
{
    /// <summary>What is no Unicode becomes U+FFFD; without a mark at the beginning. What StreamWriter takes otherwise would refuse that line, and all that follow.</summary>
    private static readonly UTF8Encoding Text = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: false);

    private readonly Lock _lock = new();
    private StreamWriter? _writer;
    private DateTimeOffset _begunAt;

    /// <summary>Appends a line, which is on its way to the disk when this returns. A full disk must not stop the work that is logged.</summary>
    public void Write(string line)
    {
        lock (_lock)
        {
            try
            {
                _writer ??= OpenFile();
                _writer.WriteLine(line);
                GlobalSettings now = settings();
                if (_writer.BaseStream.Length >= now.LogFileBytesMax || time.GetUtcNow() - _begunAt >= TimeSpan.FromMilliseconds(now.LogFileAgeMax))
                {
                    Roll(now);
                }
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ObjectDisposedException)
            {
                // The console has the line.
            }
        }
    }

    /// <summary>Closes the file until the next line.</summary>
    public void Close()
    {
        lock (_lock)
        {
            _writer?.Dispose();
            _writer = null;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Close();

    private string PathOf(int number) => Path.Join(directory, number == 0 ? $"{name}.{extension}" : string.Create(CultureInfo.InvariantCulture, $"{name}.{number}.{extension}"));

    private StreamWriter OpenFile()
    {
        var file = new FileStream(PathOf(0), FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
        _begunAt = file.Length == 0 ? time.GetUtcNow() : File.GetCreationTimeUtc(PathOf(0));
        return new StreamWriter(file, Text) { AutoFlush = true };
    }

    private void Roll(GlobalSettings now)
    {
        Close();

        // The highest first; those that earlier settings allowed go, too.
        DateTime oldest = (time.GetUtcNow() - TimeSpan.FromMilliseconds(now.LogRetention)).UtcDateTime;
        List<(int Number, string Path)> files = [];
        foreach (string path in Directory.GetFiles(directory, $"{name}.*{extension}"))
        {
            string middle = Path.GetFileName(path)[name.Length..^extension.Length].Trim('.');
            if (middle.Length == 0 || int.TryParse(middle, NumberStyles.None, CultureInfo.InvariantCulture, out _))
            {
                files.Add((middle.Length == 0 ? 0 : int.Parse(middle, CultureInfo.InvariantCulture), path));
            }
        }

        foreach ((int number, string path) in files.OrderByDescending(file => file.Number))
        {
            if (number >= now.LogFilesMax - 1 || (number > 0 && File.GetLastWriteTimeUtc(path) < oldest))
            {
                File.Delete(path);
            }
            else
            {
                File.Move(path, PathOf(number + 1), overwrite: true);
            }
        }

        _writer = OpenFile();
    }
}
