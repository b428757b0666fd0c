using VProtect.Mover.Qemu;

namespace VProtect.Mover.Tests.Qemu;

public sealed class ImageFormatsTests
{
    [Theory]
    [InlineData("qcow2", "", ImageFormat.Qcow2)]
    [InlineData("qcow2", "compat=0.10", ImageFormat.Qcow2)]
    [InlineData("vmdk", "", ImageFormat.Vmdk)]
    [InlineData("vmdk", "subformat=monolithicFlat", ImageFormat.Vmdk)]
    [InlineData("vhdx", "", ImageFormat.Vhdx)]
    [InlineData("vpc", "", ImageFormat.Vhd)]
    [InlineData("vpc", "subformat=fixed", ImageFormat.Vhd)]
    [InlineData("vdi", "", ImageFormat.Vdi)]
    [InlineData("qed", "", ImageFormat.Qed)]
    [InlineData("raw", "", ImageFormat.Raw)]
    public void Content_tells_the_format(string driver, string options, ImageFormat expected)
    {
        using var directory = new TemporaryDirectory();
        string[] wanted = options.Length == 0 ? [] : ["-o", options];
        Tool.Run("qemu-img", ["create", "-q", "-f", driver, .. wanted, directory["image"], "10M"]);
        Assert.Equal(expected, ImageFormats.Probe(directory["image"]));
        Assert.Equal(driver, ImageFormats.ToDriver(expected));
    }

    [Fact]
    public void File_named_raw_is_raw_whatever_its_guest_wrote()
    {
        using var directory = new TemporaryDirectory();
        Tool.Run("qemu-img", "create", "-q", "-f", "qcow2", directory["image.raw"], "10M");
        Assert.Equal(ImageFormat.Raw, ImageFormats.Probe(directory["image.raw"]));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(511)]
    public void Tiny_file_is_raw(int length)
    {
        using var directory = new TemporaryDirectory();
        File.WriteAllBytes(directory["image"], new byte[length]);
        Assert.Equal(ImageFormat.Raw, ImageFormats.Probe(directory["image"]));
    }

    [Theory]
    [InlineData("/a/disk.qcow2", ImageFormat.Qcow2)]
    [InlineData("/a/disk.VMDK", ImageFormat.Vmdk)]
    [InlineData("/a/disk.vhd", ImageFormat.Vhd)]
    [InlineData("/a/disk.img", ImageFormat.Raw)]
    [InlineData("/a.qcow2/disk", ImageFormat.Raw)]
    public void Ending_picks_the_format_of_a_new_file(string path, ImageFormat expected) =>
        Assert.Equal(expected, ImageFormats.FromEnding(path));
}
