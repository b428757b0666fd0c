using System.Formats.Tar;
using VProtect.Abstractions;
using VProtect.Server.Api.Mounts;

namespace VProtect.Server.Tests.Api;

/// <summary>Archives of file systems that lie.</summary>
public sealed class GuestArchiveTests
{
    [Fact]
    public async Task Nothing_is_unpacked_through_a_link_or_outside()
    {
        var files = new LyingFiles(
            Link("way", "/etc"),
            File("way/passwd"),
            Link("way/up", ".."),
            Folder("both"),
            Link("both", "/"),
            Folder(".."),
            File("../escaped"),
            File("\\x2e\\x2e"),
            File("a\\x2fb"),
            File("back\\x5cslash"),
            File("odd\\xff"),
            Link("twice", "one"),
            Link("twice", "two"),
            Link("both/inner", "sound"));
        using var archive = new MemoryStream();
        await GuestArchive.WriteTarAsync(archive, files, "ubda", [("/root", Folder("root"))], CancellationToken.None);
        archive.Position = 0;
        var found = new List<string>();
        using var reader = new TarReader(archive);
        while (reader.GetNextEntry() is { } entry)
        {
            found.Add($"{entry.EntryType} {entry.Name.TrimEnd('/')} {entry.LinkName}".Trim());
        }

        Assert.Equal(
            [
                "Directory root", "RegularFile root/way/passwd", "Directory root/both", "Directory root/_", "RegularFile root/_/escaped", "RegularFile root/_", "RegularFile root/_",
                "RegularFile root/back\\slash", "RegularFile root/odd\\xff", "SymbolicLink root/way /etc", "SymbolicLink root/twice one", "SymbolicLink root/both/inner sound",
            ],
            found);
    }

    [Fact]
    public async Task File_with_less_than_it_promised_ends_the_archive_before_its_end()
    {
        using var archive = new MemoryStream();
        VProtectException failure = await Assert.ThrowsAsync<VProtectException>(() => GuestArchive.WriteTarAsync(
            archive, new LyingFiles(), "ubda", [("/short", File("short") with { SizeBytes = 5 << 20 })], CancellationToken.None));
        Assert.Equal(ErrorCode.GuestFilesBroken, failure.Code);
        Assert.Contains("/short", failure.Message, StringComparison.Ordinal);
    }

    private static GuestFile File(string name) => new(name, GuestFileKind.File, 0x1A4, 0, 0, 1, DateTimeOffset.UnixEpoch, Target: null);

    private static GuestFile Folder(string name) => File(name) with { Kind = GuestFileKind.Folder, SizeBytes = 4096 };

    private static GuestFile Link(string name, string target) => File(name) with { Kind = GuestFileKind.Link, Target = target };

    /// <summary>All entries are below any folder, and files have one byte for each MiB.</summary>
    private sealed class LyingFiles(params GuestFile[] entries) : IGuestFiles
    {
        public Task<IReadOnlyList<GuestVolume>> ListVolumesAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task UnlockAsync(string volume, string passPhrase, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<IReadOnlyList<GuestFile>> ListAsync(string volume, string path, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<GuestFile> FindAsync(string volume, string path, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<(IReadOnlyList<GuestFile> Files, bool HasMore)> WalkAsync(string volume, string path, string name, int countMax, CancellationToken cancellationToken) =>
            Task.FromResult(((IReadOnlyList<GuestFile>)entries, false));

        public async Task<long> ReadAsync(
            string volume, string path, long offsetBytes, long lengthBytes, Func<ReadOnlyMemory<byte>, ValueTask> write, CancellationToken cancellationToken)
        {
            await write(new byte[1]);
            return 1;
        }
    }
}
