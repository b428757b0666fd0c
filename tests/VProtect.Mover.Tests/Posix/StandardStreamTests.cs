using System.Diagnostics;
using VProtect.Abstractions;
using VProtect.Mover.Acquire.BlockSource;
using VProtect.Mover.Deliver.BlockTarget;

namespace VProtect.Mover.Tests.Posix;

public sealed class StandardStreamTests
{
    [Fact]
    public async Task Disk_passes_from_standard_input_to_standard_output()
    {
        byte[] disk = SparseDisk.Create(1, 5_000_001);
        using Process process = Process.Start(new ProcessStartInfo(
            "dotnet", ["exec", typeof(Program).Assembly.Location, "copy-disk"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        Task<byte[]> output = ReadAllAsync(process.StandardOutput.BaseStream);
        await process.StandardInput.BaseStream.WriteAsync(disk);
        process.StandardInput.Close();
        Assert.Equal(disk, await output);
    }

    /// <summary>The process of the test.</summary>
    internal static async Task CopyDiskAsync()
    {
        await using IBlockSource source = await BlockSourceFactory.OpenAsync("-", new SourceOptions(), CancellationToken.None);
        await using IBlockTarget target = await BlockTargetFactory.OpenAsync(
            "-", new TargetOptions { SizeBytes = 0 }, CancellationToken.None);
        byte[] buffer = new byte[100_000];
        long at = 0;
        int done;
        do
        {
            done = await source.ReadAsync(at, buffer, CancellationToken.None);
            await target.WriteAsync(at, buffer.AsMemory(0, done), CancellationToken.None);
            at += done;
        }
        while (done == buffer.Length);

        await target.CompleteAsync(CancellationToken.None);
    }

    private static async Task<byte[]> ReadAllAsync(Stream stream)
    {
        using var content = new MemoryStream();
        await stream.CopyToAsync(content);
        return content.ToArray();
    }
}
