namespace VProtect.EndToEnd.Tests;

/// <summary>Every image format in and out, with qemu-img as the judge.</summary>
public sealed class FormatTests : IDisposable
{
    private const int SizeBytes = 16 << 20;

    private readonly Workplace _place = new();
    private readonly TestDisk _disk;

    public FormatTests() => _disk = new TestDisk(_place["disk.raw"], SizeBytes, seed: 5);

    public void Dispose() => _place.Dispose();

    [Theory]
    [InlineData("qcow2", "qcow2", "")]
    [InlineData("vmdk", "vmdk", "")]
    [InlineData("vhdx", "vhdx", "")]
    [InlineData("vpc", "vhd", "force_size=on")]
    public void Image_is_backed_up_and_restored_in_its_format(string format, string ending, string options)
    {
        string image = _place["image." + ending];
        Tool.Run("qemu-img", ["convert", "-f", "raw", "-O", format, .. options.Length > 0 ? new[] { "-o", options } : [], _disk.Path, image]);
        _place.BackUp(image);
        string target = _place["restored." + ending];
        _place.Restore("latest", target);
        Tool.Run("qemu-img", "compare", "-f", "raw", "-F", format, _disk.Path, target);
        Assert.Equal(_disk.Hash, _place.HashOf("latest"));
        _place.NothingTemporaryIsLeft();
    }

    [Fact]
    public void Raw_is_restored_to_a_file_and_to_an_export()
    {
        _place.BackUp(_disk.Path);
        _place.Restore("latest", _place["restored.raw"]);
        Tool.Run("qemu-img", "compare", "-f", "raw", "-F", "raw", _disk.Path, _place["restored.raw"]);

        string image = _place["machine.qcow2"];
        Tool.Run("qemu-img", "create", "-q", "-f", "qcow2", image, $"{SizeBytes}");
        using (var machine = new Machine(_place["machine"], image))
        {
            // What was there before is replaced, zeros included.
            machine.Guest("write -P 255 0 16M");
            _place.Restore("latest", machine.Uri("guest"));
            Tool.Run("nbdcopy", machine.Uri("guest"), _place["copy.raw"]);
        }

        Assert.Equal(_disk.Hash, Workplace.HashFile(_place["copy.raw"]));
    }

    [Fact]
    public void Standard_input_may_have_any_length()
    {
        byte[] content = _disk.Content[..(SizeBytes - 12345)];
        _place.RunWithInput(content, "backup", "-", "--machine", "vm").Expect(0);
        Assert.Equal(Workplace.Hash(content), _place.HashOf("latest"));
        _place.Restore("latest", _place["restored.raw"]);
        Assert.Equal(Workplace.Hash(content), Workplace.HashFile(_place["restored.raw"]));
    }

    [Fact]
    public void Differential_restore_writes_only_what_differs()
    {
        _place.BackUp(_disk.Path);
        string hash = _disk.Hash;
        long changedBytes = (long)_disk.Change(writes: 5, lengthBytesMax: 100_000).Count * TestDisk.ChunkBytes;
        string onto = _place["onto.raw"];
        File.Copy(_disk.Path, onto);
        long written = _place.Restore("latest", onto, "--differential").GetProperty("writtenBytes").GetInt64();
        Assert.InRange(written, 1, changedBytes);
        Assert.Equal(hash, Workplace.HashFile(onto));

        File.Copy(_disk.Path, onto, overwrite: true);
        using (var device = new LoopDevice(onto))
        {
            written = _place.Restore("latest", device.Path, "--differential").GetProperty("writtenBytes").GetInt64();
            Assert.InRange(written, 1, changedBytes);
            Assert.Equal(0, _place.Restore("latest", device.Path, "--differential").GetProperty("writtenBytes").GetInt64());
        }

        Assert.Equal(hash, Workplace.HashFile(onto));
    }
}
