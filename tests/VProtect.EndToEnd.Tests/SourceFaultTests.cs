namespace VProtect.EndToEnd.Tests;

/// <summary>Sources that fail: a clear error, exit code 3, nothing half-made, and the next backup works.</summary>
public sealed class SourceFaultTests : IDisposable
{
    private readonly Workplace _place = new();

    public void Dispose() => _place.Dispose();

    [Fact]
    public void Server_killed_in_the_middle()
    {
        using var server = new NbdkitServer(_place["server"], ["delay"], "rdelay=10");
        using VprotectProcess backup = _place.Start("backup", server.Uri, "--machine", "vm");
        server.WaitForRead();
        server.Kill();
        backup.Wait().ExpectError(3, "SourceReadFailed");
        AssertNothingMadeAndTheNextWorks();
    }

    [Fact]
    public void Server_that_answers_some_reads_with_EIO()
    {
        using var server = new NbdkitServer(_place["server"], ["error"], "error=EIO", "error-pread-rate=30%");
        Assert.Contains(_place["server"], _place.Run("backup", server.Uri, "--machine", "vm").ExpectError(3, "SourceReadFailed"), StringComparison.Ordinal);
        AssertNothingMadeAndTheNextWorks();
    }

    [Fact]
    public void File_truncated_while_it_is_read()
    {
        var disk = new TestDisk(_place["disk.raw"], 64 << 20, seed: 50);
        using VprotectProcess backup = _place.Start("backup", disk.Path, "--machine", "vm");
        while (!backup.HasExited && !IsOpen(backup.Id, disk.Path))
        {
            Thread.Sleep(1);
        }

        using (FileStream file = File.OpenWrite(disk.Path))
        {
            file.SetLength(1 << 20);
        }

        // On a busy machine all may have been read before the cut, or the size asked for after it.
        Answer answer = backup.Wait();
        if (answer.ExitCode == 0)
        {
            Assert.Contains(_place.HashOf("latest"), new[] { disk.Hash, Workplace.HashFile(disk.Path) });
        }
        else
        {
            answer.ExpectError(3, "SourceReadFailed");
            AssertNothingMadeAndTheNextWorks();
        }
    }

    [Fact]
    public void Source_that_is_not_there()
    {
        _place.Run("backup", _place["none"], "--machine", "vm").ExpectError(3, "SourceUnavailable");
        _place.Run("backup", $"nbd+unix:///x?socket={_place["none"]}", "--machine", "vm").ExpectError(3, "SourceUnavailable");
        AssertNothingMadeAndTheNextWorks();
    }

    private void AssertNothingMadeAndTheNextWorks()
    {
        Assert.Empty(_place.Points());
        _place.NothingTemporaryIsLeft();
        _place.NoLeaseIsOpen();
        using var good = new NbdkitServer(_place["good"], ["delay"], "rdelay=20ms");
        _place.BackUp(good.Uri);
        Tool.Run("nbdcopy", good.Uri, _place["copy.raw"]);
        Assert.Equal(Workplace.HashFile(_place["copy.raw"]), _place.HashOf("latest"));
    }

    private static bool IsOpen(int process, string path)
    {
        try
        {
            return Directory.EnumerateFiles($"/proc/{process}/fd").Any(fd => new FileInfo(fd).LinkTarget == path);
        }
        catch (IOException)
        {
            return false;
        }
    }
}
