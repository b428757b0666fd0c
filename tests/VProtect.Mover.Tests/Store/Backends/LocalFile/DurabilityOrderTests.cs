using System.Diagnostics;
using VProtect.Mover.Store.Backends.LocalFile;

namespace VProtect.Mover.Tests.Store.Backends.LocalFile;

/// <summary>What the kernel is asked, in which order, as strace sees it: the heart of <i>durable when it returns</i>.</summary>
public sealed class DurabilityOrderTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task Object_and_new_directories_are_flushed_in_order()
    {
        using var directory = new TemporaryDirectory();
        await using LocalFileStore store = LocalFileStore.Open(directory["repo"], create: true);
        string log = directory["strace.log"];

        // -y shows the path behind each descriptor.
        using Process strace = Process.Start(new ProcessStartInfo(
            "strace",
            ["-f", "-y", "-o", log, "-e", "trace=fdatasync,fsync,renameat2,mkdir,unlink", "-p", $"{Environment.ProcessId}"])
        {
            RedirectStandardError = true,
        })!;
        Assert.Contains("attached", await strace.StandardError.ReadLineAsync(), StringComparison.Ordinal);
        bool created = await store.PutIfAbsentAsync("packs/ab/one", new byte[100], None);
        bool again = await store.PutIfAbsentAsync("packs/ab/one", new byte[100], None);
        bool deleted = await store.DeleteAsync("packs/ab/one", None);
        Tool.Run("kill", "-INT", $"{strace.Id}");
        await strace.WaitForExitAsync();

        Assert.True(created && !again && deleted);
        string repo = directory["repo"];
        string[] calls =
        [
            .. File.ReadLines(log)
                .Where(line => line.Contains(repo, StringComparison.Ordinal))
                .Select(line => Simplify(line, repo)),
        ];
        Assert.Equal(
            [
                "mkdir .tmp",
                "fdatasync .tmp/*", "mkdir packs", "fsync .", "mkdir packs/ab", "fsync packs", "renameat2 packs/ab/one", "fsync packs/ab",
                "fdatasync .tmp/*", "renameat2 packs/ab/one", "unlink .tmp/*", "fsync packs/ab",
                "unlink packs/ab/one", "fsync packs/ab",
            ],
            calls);
    }

    // '123 renameat2(AT_FDCWD, "…/.tmp/x", AT_FDCWD, "…/packs/ab/one", …' → 'renameat2 packs/ab/one'
    private static string Simplify(string line, string repo)
    {
        string call = line[(line.IndexOf(' ', StringComparison.Ordinal) + 1)..].TrimStart();
        string name = call[..call.IndexOf('(', StringComparison.Ordinal)];
        string path = call[(call.LastIndexOf(repo, StringComparison.Ordinal) + repo.Length)..];
        path = path[..path.IndexOfAny(['"', '>'])].TrimStart('/');
        return $"{name} {(path.Length == 0 ? "." : path.StartsWith(".tmp/", StringComparison.Ordinal) ? ".tmp/*" : path)}";
    }
}
