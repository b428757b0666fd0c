namespace VProtect.EndToEnd.Tests;

/// <summary>A run that cannot use its state directory has an index of its own among the temporary files, and takes it away.</summary>
public sealed class TemporaryIndexTests
{
    [Fact]
    public void A_killed_run_leaves_its_index_to_the_next_which_removes_it()
    {
        using var place = new Workplace();
        var disk = new TestDisk(place["disk.raw"], 1 << 20, seed: 90);
        place.BackUp(disk.Path);

        // No directory can be made under a file.
        string state = place.Environment["VPROTECT_STATE"];
        place.Environment["VPROTECT_STATE"] = disk.Path;
        using (VprotectProcess living = place.Start("backup", "-", "--machine", "stream"))
        {
            living.Wait().Expect(0);
        }

        place.NothingTemporaryIsLeft();
        using var endless = new VprotectProcess(
            ["sh", "-c", $"exec {VprotectProcess.Binary} backup - --machine stream < /dev/zero"], place.Environment);
        SpinWait.SpinUntil(() => Directory.EnumerateFiles(place["tmp"], "lock", SearchOption.AllDirectories).Any());

        // While it lives it keeps what it has.
        place.HashOf("latest");
        Assert.Single(Directory.EnumerateDirectories(place["tmp"]));
        endless.Signal(VprotectProcess.SigKill);
        endless.Wait();
        Assert.Single(Directory.EnumerateDirectories(place["tmp"]));
        place.Environment["VPROTECT_STATE"] = state;
        place.Points();
        place.Run("restore", "latest", "--to", "-").Expect(0);
        place.NothingTemporaryIsLeft();
    }
}
