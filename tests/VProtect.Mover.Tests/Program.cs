using VProtect.Mover.Tests.Acquire.BlockSource;
using VProtect.Mover.Tests.Golden;
using VProtect.Mover.Tests.Posix;
using VProtect.Mover.Tests.Store.Backends.LocalFile;
using VProtect.Mover.Tests.View.Overlay;

namespace VProtect.Mover.Tests;

/// <summary>What this assembly does when a test starts it as a process of its own, to be killed.</summary>
internal static class Program
{
    private static async Task Main(string[] arguments)
    {
        switch (arguments)
        {
            case ["write-objects", string directory]:
                await KilledWriterTests.WriteForeverAsync(directory);
                break;
            case ["hold-image", string path]:
                await QemuNbdSourceTests.HoldImageAsync(path);
                break;
            case ["copy-disk"]:
                await StandardStreamTests.CopyDiskAsync();
                break;
            case ["write-overlay", string path, string from]:
                await OverlayKillTests.WriteForeverAsync(path, int.Parse(from, System.Globalization.CultureInfo.InvariantCulture));
                break;
            case ["write-golden-overlay", string path]:
                await GoldenOverlayTests.WriteAsync(path);
                break;
            case ["write-golden", string directory]:
                await GoldenRepositoryWriter.WriteAsync(directory, encrypt: true);
                await GoldenRepositoryWriter.WriteAsync($"{directory}-clear", encrypt: false);
                break;
            default:
                throw new ArgumentException("Run the tests with 'dotnet test'.");
        }
    }
}
