using System.Runtime.CompilerServices;
using Microsoft.Win32.SafeHandles;
using VProtect.Abstractions;

namespace VProtect.Testing.FakePlatform;

/// <summary>A disk that is restored: a new one of zeros, or one that is there and whose checkpoints learn what is written.</summary>
internal sealed class FakeDiskTarget(FakeDatacenter datacenter, string machineUuid, string disk, bool isExisting) : IBlockTarget
{
    private readonly SafeFileHandle _file = File.OpenHandle(
        datacenter.DiskFile(machineUuid, disk), FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);

    public string Name => disk;

    public bool IsSequential => false;

    public bool IsZeroed => !isExisting;

    public bool CanRead => true;

    public async ValueTask WriteAsync(long offsetBytes, ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        try
        {
            await datacenter.PassAsync(FakeStep.Write, cancellationToken, machineUuid, offsetBytes, data.Length);
        }
        catch (VProtectException exception)
        {
            throw FakeErrors.WriteFailed(disk, exception);
        }

        if (isExisting)
        {
            await datacenter.WriteAsync(machineUuid, disk, offsetBytes, data, cancellationToken);
        }
        else
        {
            await RandomAccess.WriteAsync(_file, data, offsetBytes, CancellationToken.None);
        }
    }

    public async ValueTask WriteZeroesAsync(long offsetBytes, long lengthBytes, CancellationToken cancellationToken)
    {
        byte[] zeros = new byte[Math.Min(lengthBytes, 1 << 20)];
        for (long done = 0; done < lengthBytes; done += zeros.Length)
        {
            await WriteAsync(offsetBytes + done, zeros.AsMemory(0, (int)Math.Min(zeros.Length, lengthBytes - done)), cancellationToken);
        }
    }

    public async ValueTask ReadAsync(long offsetBytes, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        for (int done = 0; done < buffer.Length;)
        {
            int read = await RandomAccess.ReadAsync(_file, buffer[done..], offsetBytes + done, cancellationToken);
            done += read > 0 ? read : throw new EndOfStreamException();
        }
    }

    public async IAsyncEnumerable<Extent> GetExtentsAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.Yield();
        cancellationToken.ThrowIfCancellationRequested();
        yield return new Extent(0, RandomAccess.GetLength(_file), ExtentKind.Data);
    }

    public ValueTask CompleteAsync(CancellationToken cancellationToken)
    {
        RandomAccess.FlushToDisk(_file);
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync()
    {
        _file.Dispose();
        return ValueTask.CompletedTask;
    }
}
