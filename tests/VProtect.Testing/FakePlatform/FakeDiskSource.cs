using System.Runtime.CompilerServices;
using Microsoft.Win32.SafeHandles;
using VProtect.Abstractions;

namespace VProtect.Testing.FakePlatform;

/// <summary>A disk of a <see cref="FakeBackupAccess"/>: its copy, and what had changed since each checkpoint when the copy was made.</summary>
internal sealed class FakeDiskSource(FakeDatacenter datacenter, string machineUuid, FakeDisk disk, string copy, string? checkpoint) : IBlockSource
{
    private const string TokenPrefix = "fake-checkpoint:";
    private readonly SafeFileHandle _file = File.OpenHandle(copy, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);

    public string Name => disk.Name;

    public long? SizeBytes => disk.SizeBytes;

    public bool IsSequential => false;

    public int ReadsInFlightMax => 4;

    public string? NextToken => checkpoint is null ? null : TokenPrefix + checkpoint;

    /// <summary>The checkpoint that a token names, or null.</summary>
    public static string? CheckpointIn(string? token) =>
        token is not null && token.StartsWith(TokenPrefix, StringComparison.Ordinal) ? token[TokenPrefix.Length..] : null;

    public async IAsyncEnumerable<Extent> GetExtentsAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.Yield();
        byte[] all = new byte[(disk.SizeBytes + FakeFile.BlockBytes - 1) / FakeFile.BlockBytes];
        Array.Fill(all, (byte)1);
        foreach (Extent extent in DirtyMap.Extents(all, disk.SizeBytes, KindOf))
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return extent;
        }
    }

    public ValueTask<ChangedBlocks> GetChangedBlocksAsync(ParentDisk parent, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return new(Answer(parent));
    }

    public async ValueTask<int> ReadAsync(long offsetBytes, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        try
        {
            await datacenter.PassAsync(FakeStep.Read, cancellationToken, machineUuid, offsetBytes, buffer.Length);
        }
        catch (VProtectException exception)
        {
            throw FakeErrors.ReadFailed(disk.Name, exception);
        }

        int done = 0;
        while (done < buffer.Length)
        {
            int read = await RandomAccess.ReadAsync(_file, buffer[done..], offsetBytes + done, CancellationToken.None);
            if (read == 0)
            {
                break;
            }

            done += read;
        }

        return done;
    }

    public ValueTask DisposeAsync()
    {
        _file.Dispose();
        return ValueTask.CompletedTask;
    }

    private ChangedBlocks Answer(ParentDisk parent)
    {
        if (checkpoint is null)
        {
            return new ChangedBlocks.MustFull("The platform was opened without changed blocks.");
        }

        if (CheckpointIn(parent.Token) is not { } since)
        {
            return new ChangedBlocks.MustFull("The parent was not made with this platform's checkpoints.");
        }

        if (parent.SizeBytes != disk.SizeBytes)
        {
            return new ChangedBlocks.MustFull($"The disk had {parent.SizeBytes} bytes and has {disk.SizeBytes} now.");
        }

        string map = FakeDatacenter.MapFile(Path.Join(Path.GetDirectoryName(copy)!, since), disk.Id);
        return since.All(char.IsAsciiHexDigit) && File.Exists(map)
            ? new ChangedBlocks.Delta(DirtyMap.Extents(File.ReadAllBytes(map), disk.SizeBytes, KindOf))
            : new ChangedBlocks.MustFull($"The platform has no checkpoint {since} of this disk any more.");
    }

    private ExtentKind KindOf(long block)
    {
        Span<byte> bytes = new byte[FakeFile.BlockBytes];
        int length = RandomAccess.Read(_file, bytes, block * FakeFile.BlockBytes);
        return FakeFile.IsZero(bytes[..length]) ? ExtentKind.Zero : ExtentKind.Data;
    }
}
