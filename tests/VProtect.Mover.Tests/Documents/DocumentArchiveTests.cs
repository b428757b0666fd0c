using System.Formats.Tar;
using System.Text;
using VProtect.Abstractions;
using VProtect.Mover.Documents;
using VProtect.Mover.Store;

namespace VProtect.Mover.Tests.Documents;

public sealed class DocumentArchiveTests
{
    private static readonly PointDocument Xml = new("domain.xml", "application/xml", Encoding.UTF8.GetBytes("<domain/>"));
    private static readonly PointDocument Nvram = new("firmware/nvram.bin", "application/octet-stream", new byte[700]);

    [Fact]
    public void Documents_come_back_as_they_were_written()
    {
        var empty = new PointDocument("empty", "text/plain; charset=utf-8", ReadOnlyMemory<byte>.Empty);
        var umlauts = new PointDocument("größe " + new string('x', 200), "text/plain", "abc"u8.ToArray());

        IReadOnlyList<PointDocument> read = DocumentArchive.Read(DocumentArchive.Write([Xml, Nvram, empty, umlauts]));

        Assert.Equal([Xml.Name, Nvram.Name, empty.Name, umlauts.Name], read.Select(document => document.Name));
        Assert.Equal([Xml.MediaType, Nvram.MediaType, empty.MediaType, umlauts.MediaType], read.Select(document => document.MediaType));
        Assert.Equal([Xml.Content.ToArray(), Nvram.Content.ToArray(), [], umlauts.Content.ToArray()], read.Select(document => document.Content.ToArray()));
    }

    [Fact]
    public void Equal_documents_are_equal_bytes_at_any_time()
    {
        byte[] first = DocumentArchive.Write([Xml, Nvram]);
        Thread.Sleep(5);

        Assert.Equal(first, DocumentArchive.Write([Xml, Nvram]));
        Assert.Equal(0, first.Length % 512);
    }

    [Fact]
    public void Tar_lists_what_was_written()
    {
        using var directory = new TemporaryDirectory();
        File.WriteAllBytes(directory["documents.tar"], DocumentArchive.Write([Xml, Nvram]));

        Assert.Equal("domain.xml\nfirmware/nvram.bin\n", Tool.Run("tar", "--warning=no-unknown-keyword", "-tf", directory["documents.tar"]));
    }

    [Theory]
    [InlineData("/etc/passwd")]
    [InlineData("../up")]
    [InlineData("a/../b")]
    [InlineData("a//b")]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("a\nb")]
    [InlineData("a\\b")]
    public void Names_that_lead_elsewhere_are_neither_written_nor_read(string name)
    {
        Assert.Equal(
            ErrorCode.InvalidArgument,
            Assert.Throws<VProtectException>(() => DocumentArchive.Write([Xml with { Name = name }])).Code);
        if (name.Length > 0)
        {
            Assert.Throws<IntegrityException>(() => DocumentArchive.Read(Tar(new PaxTarEntry(TarEntryType.RegularFile, name))));
        }
    }

    [Fact]
    public void Two_of_one_name_are_neither_written_nor_read()
    {
        Assert.Throws<VProtectException>(() => DocumentArchive.Write([Xml, Xml]));
        Assert.Throws<IntegrityException>(
            () => DocumentArchive.Read(Tar(new PaxTarEntry(TarEntryType.RegularFile, "a"), new PaxTarEntry(TarEntryType.RegularFile, "a"))));
    }

    [Theory]
    [InlineData(TarEntryType.SymbolicLink)]
    [InlineData(TarEntryType.HardLink)]
    [InlineData(TarEntryType.Directory)]
    [InlineData(TarEntryType.CharacterDevice)]
    [InlineData(TarEntryType.Fifo)]
    public void Anything_but_a_file_is_refused(TarEntryType type)
    {
        var entry = new PaxTarEntry(type, "x");
        if (type is TarEntryType.SymbolicLink or TarEntryType.HardLink)
        {
            entry.LinkName = "/etc/shadow";
        }

        Assert.Throws<IntegrityException>(() => DocumentArchive.Read(Tar(entry)));
    }

    [Fact]
    public void More_than_can_be_kept_is_refused()
    {
        Assert.Throws<VProtectException>(() => DocumentArchive.Write([Xml with { Content = new byte[DocumentArchive.ContentBytesMax + 1] }]));
        Assert.Throws<VProtectException>(
            () => DocumentArchive.Write([.. Enumerable.Range(0, DocumentArchive.CountMax + 1).Select(i => Xml with { Name = $"{i}" })]));
        Assert.Single(DocumentArchive.Read(DocumentArchive.Write([Xml with { Content = new byte[DocumentArchive.ContentBytesMax] }])));
    }

    [Fact]
    public void Rubbish_and_any_cut_are_refused_or_read_and_nothing_else_happens()
    {
        byte[] whole = DocumentArchive.Write([Xml, Nvram]);
        var random = new Random(7);
        for (int round = 0; round < 500; round++)
        {
            byte[] bytes = whole[..random.Next(whole.Length + 1)];
            for (int flips = random.Next(4); flips > 0 && bytes.Length > 0; flips--)
            {
                bytes[random.Next(bytes.Length)] ^= (byte)random.Next(1, 256);
            }

            try
            {
                DocumentArchive.Read(bytes);
            }
            catch (IntegrityException)
            {
                // The one thing that may be thrown.
            }
        }
    }

    [Fact]
    public async Task A_restore_point_keeps_documents_beside_its_disks()
    {
        await using TestRepository repository = await TestRepository.CreateAsync();
        await using var disk = new MemoryDisk(RandomDisk.Create(new Random(1), 100_000));
        var counters = new BackupCounters();
        var pipeline = new BackupPipeline(repository.Chunks, new BackupOptions { BufferBytes = 8 << 20 }, counters, TimeProvider.System);
        var request = new BackupRequest { Machine = "vm", Disks = [new BackupDisk("vda", disk)], Documents = [Xml, Nvram] };

        RestorePoint point = await pipeline.RunAsync(request, default);
        RestorePoint again = await pipeline.RunAsync(request, default);

        Assert.Equal("vda", Assert.Single(point.MachineDisks).Name);
        Assert.Equal("vda", point.GetDisk(null).Name);
        Assert.Equal(DocumentArchive.DiskName, point.GetDisk(DocumentArchive.DiskName).Name);
        Assert.Equal(200_000, counters.TotalBytes);
        Assert.Equal(0, again.DocumentDisk!.StoredBytes);
        IReadOnlyList<PointDocument> documents = await DocumentReading.ReadAsync(repository.Chunks, again, default);
        Assert.Equal([Xml.Name, Nvram.Name], documents.Select(document => document.Name));
        Assert.True((await repository.VerifyAsync()).IsSound);
    }

    [Fact]
    public async Task Names_that_are_reserved_are_no_names_of_disks()
    {
        await using TestRepository repository = await TestRepository.CreateAsync(encrypt: false);
        await using var disk = new MemoryDisk(new byte[4096]);
        var pipeline = new BackupPipeline(repository.Chunks, new BackupOptions(), new BackupCounters(), TimeProvider.System);

        VProtectException refused = await Assert.ThrowsAsync<VProtectException>(
            () => pipeline.RunAsync(new BackupRequest { Machine = "vm", Disks = [new BackupDisk(DocumentArchive.DiskName, disk)] }, default));

        Assert.Equal(ErrorCode.InvalidArgument, refused.Code);
    }

    private static byte[] Tar(params PaxTarEntry[] entries)
    {
        using var stream = new MemoryStream();
        using (var writer = new TarWriter(stream, leaveOpen: true))
        {
            foreach (PaxTarEntry entry in entries)
            {
                writer.WriteEntry(entry);
            }
        }

        return stream.ToArray();
    }
}
