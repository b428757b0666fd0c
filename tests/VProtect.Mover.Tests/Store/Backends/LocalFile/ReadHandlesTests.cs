using Microsoft.Win32.SafeHandles;
using VProtect.Mover.Posix;
using VProtect.Mover.Store.Backends.LocalFile;

namespace VProtect.Mover.Tests.Store.Backends.LocalFile;

public sealed class ReadHandlesTests
{
    [Fact]
    public void Keeps_the_recently_used_and_never_closes_a_handle_on_loan()
    {
        using var directory = new TemporaryDirectory();
        string[] keys = [.. Enumerable.Range(0, 5).Select(i => $"{i}")];
        Array.ForEach(keys, key => File.WriteAllBytes(directory[key], new byte[ReadHandles.KeptFromBytes]));
        using var handles = new ReadHandles(directory.Path, handlesMax: 2);

        SafeFileHandle loan = handles.Rent(keys[0])!;
        foreach (string key in keys[1..])
        {
            ReadHandles.Return(handles.Rent(key)!);
        }

        Assert.Equal(2, handles.Count);
        Assert.Equal(10, PosixFile.Read(PosixFile.Fd(loan), 0, new byte[10], keys[0]));
        ReadHandles.Return(loan);
        Assert.True(loan.IsClosed);
    }

    [Fact]
    public void Small_files_are_not_kept()
    {
        using var directory = new TemporaryDirectory();
        File.WriteAllBytes(directory["a"], new byte[10]);
        using var handles = new ReadHandles(directory.Path, handlesMax: 2);
        ReadHandles.Return(handles.Rent("a")!);
        Assert.Equal(0, handles.Count);
        Assert.Null(handles.Rent("none"));
    }
}
