using System.Text.Json;
using VProtect.Abstractions;

namespace VProtect.Appliance.Cli.Client.Contexts;

/// <summary><c>~/.config/vprotect/contexts.json</c>: readable by its owner only, replaced as a whole.</summary>
internal sealed class ContextFile(string path)
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    public string Path => path;

    /// <summary>Under XDG_CONFIG_HOME, else under the home directory.</summary>
    public static ContextFile Of(Terminal terminal)
    {
        string? place = terminal.Variable("XDG_CONFIG_HOME");
        if (string.IsNullOrEmpty(place))
        {
            string? home = terminal.Variable("HOME");
            place = System.IO.Path.Join(string.IsNullOrEmpty(home) ? "/root" : home, ".config");
        }

        return new ContextFile(System.IO.Path.Join(place, "vprotect", "contexts.json"));
    }

    /// <exception cref="VProtectException"><see cref="ErrorCode.ContextInvalid"/>: it is damaged, or others may read it.</exception>
    public ContextDocument Read()
    {
        try
        {
            if (!File.Exists(path))
            {
                return ContextDocument.Empty;
            }

            if ((File.GetUnixFileMode(path) & ~(OwnerOnly | UnixFileMode.UserExecute)) != 0)
            {
                throw Invalid("may be used by others, and it holds tokens", $"Run: chmod 600 {path}");
            }

            return JsonSerializer.Deserialize(File.ReadAllBytes(path), CliJson.Relaxed.ContextDocument) is { Contexts: not null } read
                ? read
                : throw new JsonException("it is empty");
        }
        catch (Exception exception) when (exception is JsonException or IOException or UnauthorizedAccessException)
        {
            throw Invalid($"cannot be read: {exception.Message}", "Remove it and log in again with 'vprotect login'.", exception);
        }
    }

    public void Write(ContextDocument document)
    {
        string part = path + ".part";
        try
        {
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!, OwnerOnly | UnixFileMode.UserExecute);
            File.Delete(part);
            using (var file = new FileStream(part, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = OwnerOnly }))
            {
                JsonSerializer.Serialize(file, document, CliJson.Relaxed.ContextDocument);
            }

            File.Move(part, path, overwrite: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Invalid($"cannot be written: {exception.Message}", "Make its directory writable, or set XDG_CONFIG_HOME.", exception);
        }
    }

    private VProtectException Invalid(string why, string guidance, Exception? inner = null) =>
        new(ErrorCode.ContextInvalid, ErrorSide.Request, $"'{path}' {why}.", guidance, RetryAdvice.Never, inner);
}
