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
        string[] paths = [.. Enumerable.Range(0, 5).Select(i => directory[$"{i}"])];
        Array.ForEach(paths, path => File.WriteAllBytes(path, new byte[ReadHandles.KeptFromBytes]));
        using var handles = new ReadHandles(handlesMax: 2);

        SafeFileHandle loan = handles.Rent(paths[0])!;
        foreach (string path in paths[1..])
        {
            ReadHandles.Return(handles.Rent(path)!);
        }

        Assert.Equal(2, handles.Count);
        Assert.Equal(10, PosixFile.Read(PosixFile.Fd(loan), 0, new byte[10], paths[0]));
        ReadHandles.Return(loan);
        Assert.True(loan.IsClosed);
    }

    [Fact]
    public void Small_files_are_not_kept()
    {
        using var directory = new TemporaryDirectory();
        File.WriteAllBytes(directory["a"], new byte[10]);
        using var handles = new ReadHandles(handlesMax: 2);
        ReadHandles.Return(handles.Rent(directory["a"])!);
        Assert.Equal(0, handles.Count);
        Assert.Null(handles.Rent(directory["none"]));
    }
}
