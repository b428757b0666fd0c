using System.Diagnostics;
using System.Globalization;
using VProtect.Abstractions;
using VProtect.Mover.Acquire.BlockSource;
using VProtect.Mover.Qemu;

namespace VProtect.Mover.Tests.Acquire.BlockSource;

public sealed class QemuNbdSourceTests : IDisposable
{
    private const int SizeBytes = 20 << 20;
    private static readonly CancellationToken None = CancellationToken.None;
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("qcow2", "")]
    [InlineData("vmdk", "")]
    [InlineData("vmdk", "subformat=streamOptimized")]
    [InlineData("vhdx", "")]
    [InlineData("vpc", "force_size=on")]
    [InlineData("vpc", "force_size=on,subformat=fixed")]
    [InlineData("vdi", "")]
    [InlineData("qed", "")]
    public async Task Image_of_every_format_reads_as_its_disk(string driver, string options)
    {
        byte[] disk = SparseDisk.Create(3, SizeBytes);
        MakeImage(disk, driver, options);
        // The content tells, not the name.
        await using IBlockSource source = await BlockSourceFactory.OpenAsync(_directory["image.img"], new SourceOptions(), None);
        Assert.IsType<QemuNbdSource>(source);
        Assert.EndsWith($"({driver})", source.Name, StringComparison.Ordinal);
        Assert.Equal(disk, await SparseDisk.ReadAsync(source));
    }

    [Fact]
    public async Task Qemu_runs_as_nobody_in_particular_and_leaves_with_the_source()
    {
        MakeImage(SparseDisk.Create(3, SizeBytes), "qcow2", string.Empty);
        QemuNbdSource source = await QemuNbdSource.OpenAsync(_directory["image.img"], ImageFormat.Qcow2, new SourceOptions(), None);
        string[] status = File.ReadAllLines($"/proc/{source.ServerProcessId}/status");
        int userId = int.Parse(status.Single(line => line.StartsWith("Uid:", StringComparison.Ordinal)).Split('\t')[1], CultureInfo.InvariantCulture);
        Assert.InRange(userId, 61184, 65519);
        // The test's directory is private to us, so it needs CAP_DAC_READ_SEARCH (bit 2), and has nothing else.
        Assert.EndsWith("0000000000000004", status.Single(line => line.StartsWith("CapEff:", StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.EndsWith("1", status.Single(line => line.StartsWith("NoNewPrivs:", StringComparison.Ordinal)), StringComparison.Ordinal);
        int processId = source.ServerProcessId;
        await source.DisposeAsync();
        Assert.False(Directory.Exists($"/proc/{processId}"));
    }

    [Fact]
    public async Task Qemu_needs_no_capability_where_the_image_is_readable()
    {
        MakeImage(SparseDisk.Create(3, SizeBytes), "qcow2", string.Empty);
        Tool.Run("chmod", "a+rX", _directory.Path, _directory["image.img"]);
        await using QemuNbdSource source = await QemuNbdSource.OpenAsync(
            _directory["image.img"], ImageFormat.Qcow2, new SourceOptions(), None);
        Assert.Contains("CapEff:\t0000000000000000", File.ReadAllLines($"/proc/{source.ServerProcessId}/status"));
    }

    [Fact]
    public async Task Qemu_dies_with_us()
    {
        MakeImage(SparseDisk.Create(3, SizeBytes), "qcow2", string.Empty);
        using Process holder = Process.Start(new ProcessStartInfo(
            "dotnet", ["exec", typeof(Program).Assembly.Location, "hold-image", _directory["image.img"]])
        {
            RedirectStandardOutput = true,
        })!;
        string server = (await holder.StandardOutput.ReadLineAsync())!;
        Assert.True(Directory.Exists($"/proc/{server}"));
        holder.Kill();
        await holder.WaitForExitAsync();
        Assert.True(SpinWait.SpinUntil(() => HasEnded(server), TimeSpan.FromSeconds(30)), "qemu-nbd outlived us.");
    }

    [Theory]
    [InlineData("qcow2", "")]
    [InlineData("qed", "")]
    public async Task Image_with_a_backing_file_is_refused_unless_allowed(string driver, string options)
    {
        byte[] disk = SparseDisk.Create(3, SizeBytes);
        MakeImage(disk, driver, options);
        string overlay = _directory["overlay"];
        Tool.Run("qemu-img", "create", "-q", "-f", driver, "-b", _directory["image.img"], "-F", driver, overlay);
        VProtectException error = await Assert.ThrowsAsync<VProtectException>(
            async () => await BlockSourceFactory.OpenAsync(overlay, new SourceOptions(), None));
        Assert.Equal(ErrorCode.SourceUnavailable, error.Code);
        Assert.Contains("image.img", error.Message, StringComparison.Ordinal);

        await using IBlockSource source = await BlockSourceFactory.OpenAsync(
            overlay, new SourceOptions { AllowsOtherFiles = true }, None);
        Assert.Equal(disk, await SparseDisk.ReadAsync(source));
    }

    [Fact]
    public async Task Image_with_a_data_file_or_extents_elsewhere_is_refused()
    {
        Tool.Run("qemu-img", "create", "-q", "-f", "qcow2", "-o", $"data_file={_directory["secret"]}", _directory["a"], "1M");
        Tool.Run("qemu-img", "create", "-q", "-f", "vmdk", "-o", "subformat=monolithicFlat", _directory["b.vmdk"], "1M");
        foreach (string name in new[] { "a", "b.vmdk" })
        {
            VProtectException error = await Assert.ThrowsAsync<VProtectException>(
                async () => await BlockSourceFactory.OpenAsync(_directory[name], new SourceOptions(), None));
            Assert.Contains("draws on other files", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Damaged_image_is_an_error_in_qemus_own_words()
    {
        MakeImage(SparseDisk.Create(3, SizeBytes), "qcow2", string.Empty);
        using (FileStream file = File.OpenWrite(_directory["image.img"]))
        {
            file.Position = 40;
            file.Write([0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]);
        }

        VProtectException error = await Assert.ThrowsAsync<VProtectException>(
            async () => await BlockSourceFactory.OpenAsync(_directory["image.img"], new SourceOptions(), None));
        Assert.Equal((ErrorCode.SourceUnavailable, ErrorSide.Source), (error.Code, error.Side));
        Assert.Contains("qemu-img", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Named_format_wins_over_content()
    {
        MakeImage(SparseDisk.Create(3, SizeBytes), "qcow2", string.Empty);
        await using IBlockSource source = await BlockSourceFactory.OpenAsync(
            _directory["image.img"], new SourceOptions { Format = ImageFormat.Raw }, None);
        Assert.Equal(File.ReadAllBytes(_directory["image.img"]), await SparseDisk.ReadAsync(source));
    }

    /// <summary>The process that is killed.</summary>
    internal static async Task HoldImageAsync(string path)
    {
        await using QemuNbdSource source = await QemuNbdSource.OpenAsync(path, ImageFormat.Qcow2, new SourceOptions(), None);
        Console.Out.WriteLine(source.ServerProcessId);
        await Task.Delay(Timeout.Infinite);
    }

    private static bool HasEnded(string processId)
    {
        try
        {
            return File.ReadAllText($"/proc/{processId}/stat").Contains(") Z ", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return true;
        }
    }

    private void MakeImage(byte[] disk, string driver, string options)
    {
        SparseDisk.WriteSparse(_directory["disk.raw"], disk);
        string[] wanted = options.Length == 0 ? [] : ["-o", options];
        Tool.Run("qemu-img", ["convert", "-f", "raw", "-O", driver, .. wanted, _directory["disk.raw"], _directory["image.img"]]);
    }
}
