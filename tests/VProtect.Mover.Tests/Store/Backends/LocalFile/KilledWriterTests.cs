using System.Diagnostics;
using System.Globalization;
using VProtect.Abstractions;
using VProtect.Mover.Store.Backends.LocalFile;

namespace VProtect.Mover.Tests.Store.Backends.LocalFile;

/// <summary>
/// A process writes objects and says of each that it is committed; it is killed at a random moment. Every object it spoke
/// of is there, every object that is there is whole, and the next opening finds nothing else.
/// </summary>
public sealed class KilledWriterTests
{
    private const int ObjectBytes = 3_000_000;
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task Killed_writer_leaves_whole_objects_only()
    {
        using var directory = new TemporaryDirectory();
        var random = new Random(5);
        int leftovers = 0;
        for (int round = 0; round < 6; round++)
        {
            using Process writer = Process.Start(new ProcessStartInfo(
                "dotnet", ["exec", typeof(Program).Assembly.Location, "write-objects", directory.Path])
            {
                RedirectStandardOutput = true,
            })!;
            var spokenOf = new List<string>();
            int killAfter = random.Next(1, 6);
            while (spokenOf.Count < killAfter && await writer.StandardOutput.ReadLineAsync() is { } line)
            {
                spokenOf.Add(line);
            }

            // Somewhere in the next object.
            Thread.SpinWait(random.Next(1, 2_000_000));
            writer.Kill();
            while (await writer.StandardOutput.ReadLineAsync() is { } line)
            {
                spokenOf.Add(line);
            }

            await writer.WaitForExitAsync();
            Assert.True(spokenOf.Count >= killAfter);

            await using LocalFileStore store = LocalFileStore.Open(directory.Path, create: false);
            leftovers += store.LeftoversRemoved;
            Assert.Empty(Directory.GetFiles(directory[".tmp"]));
            var found = new HashSet<string>();
            await foreach (ObjectInfo info in store.ListAsync(string.Empty, None))
            {
                Assert.Equal(ObjectBytes, info.SizeBytes);
                byte[] content = new byte[ObjectBytes];
                Assert.Equal(ObjectBytes, await store.ReadAsync(info.Key, 0, content, None));
                Assert.Equal(-1, content.AsSpan().IndexOfAnyExcept(content[0]));
                Assert.NotEqual(0, content[0]);
                found.Add(info.Key);
            }

            Assert.Subset(found, spokenOf.ToHashSet());
        }

        // Otherwise the kills missed the interesting moments and the test shows nothing.
        Assert.InRange(leftovers, 1, 6);
    }

    /// <summary>The process that is killed.</summary>
    internal static async Task WriteForeverAsync(string directory)
    {
        await using LocalFileStore store = LocalFileStore.Open(directory, create: false);
        byte[] content = new byte[ObjectBytes / 10];
        for (int i = 1; ; i++)
        {
            content.AsSpan().Fill((byte)(1 + (i % 250)));
            string key = string.Create(CultureInfo.InvariantCulture, $"packs/{Environment.ProcessId}/{i}");
            await using IObjectWriter writer = await store.CreateAsync(key, None);
            for (int piece = 0; piece < 10; piece++)
            {
                await writer.WriteAsync(content, None);
            }

            await writer.CommitAsync(None);
            Console.Out.WriteLine(key);
        }
    }
}
