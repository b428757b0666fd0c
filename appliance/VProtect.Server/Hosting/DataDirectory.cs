using VProtect.Abstractions;

namespace VProtect.Server.Hosting;

/// <summary>The directory that holds everything this appliance is: readable by its user alone.</summary>
internal sealed class DataDirectory
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private DataDirectory(string path)
    {
        Path = path;
    }

    public string Path { get; }

    public string Catalog => System.IO.Path.Join(Path, "catalog.db");

    public string SecretKey => System.IO.Path.Join(Path, "secret.key");

    /// <summary>There only while the key changes.</summary>
    public string NextSecretKey => SecretKey + ".next";

    public string AuditHead => System.IO.Path.Join(Path, "audit.head");

    public string Tls => Sub("tls");

    public string Logs => Sub("logs");

    /// <summary>Makes the directory if it is missing, and closes it to others.</summary>
    public static DataDirectory Open(string path)
    {
        try
        {
            string full = System.IO.Path.GetFullPath(path);
            Directory.CreateDirectory(full, OwnerOnly);
            File.SetUnixFileMode(full, OwnerOnly);
            return new DataDirectory(full);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new VProtectException(
                ErrorCode.OptionInvalid, ErrorSide.Request, $"--data: '{path}' cannot be used: {exception.Message}", "Name a directory that may be written.", RetryAdvice.Never, exception);
        }
    }

    private string Sub(string name) => Directory.CreateDirectory(System.IO.Path.Join(Path, name), OwnerOnly).FullName;
}
