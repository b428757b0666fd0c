using System.Diagnostics;

namespace VProtect.Mover.Tests;

/// <summary>
/// A qemu-storage-daemon that exports a qcow2 image writable, with the dirty bitmaps it has: QEMU's own bitmaps and
/// NBD server without a guest. A write through the export marks the bitmap.
/// </summary>
internal sealed class StorageDaemon : IDisposable
{
    private readonly Process _process;
    private readonly string _socket;

    internal StorageDaemon(string image, string socket, params string[] bitmaps)
    {
        _socket = socket;
        string exported = string.Concat(bitmaps.Select((bitmap, i) => $",bitmaps.{i}={bitmap}"));
        _process = Process.Start(
            "qemu-storage-daemon",
            [
                "--blockdev", $"driver=file,filename={image},node-name=file,discard=unmap",
                "--blockdev", "driver=qcow2,file=file,node-name=disk,discard=unmap",
                "--nbd-server", $"addr.type=unix,addr.path={socket}",
                "--export", $"type=nbd,id=export,node-name=disk,name=disk,writable=on{exported}",
            ]);
        while (!File.Exists(socket))
        {
            Assert.False(_process.HasExited, "qemu-storage-daemon ended.");
            Thread.Sleep(5);
        }
    }

    internal string Uri => $"nbd+unix:///disk?socket={_socket}";

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }
}
