using Microsoft.Win32.SafeHandles;
using VProtect.Nbd;
using VProtect.Nbd.Server;

namespace VProtect.Mover.Tests.View.Files;

/// <summary>An image in a file as an export.</summary>
internal sealed class FileExport(string path) : INbdExport, IDisposable
{
    private readonly SafeFileHandle _file = File.OpenHandle(path);

    public long SizeBytes => RandomAccess.GetLength(_file);

    public NbdExportFlags Flags => NbdExportFlags.ReadOnly | NbdExportFlags.CanMultiConnection;

    /// <summary>Whether reads hang, as of a repository that is away.</summary>
    public bool Hangs { get; set; }

    public async ValueTask ReadAsync(long offset, Memory<byte> buffer, CancellationToken ct)
    {
        while (Hangs)
        {
            await Task.Delay(20, ct);
        }

        int read = await RandomAccess.ReadAsync(_file, buffer, offset, ct);
        buffer[read..].Span.Clear();
    }

    public void Dispose() => _file.Dispose();
}
