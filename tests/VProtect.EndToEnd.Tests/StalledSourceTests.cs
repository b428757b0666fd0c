namespace VProtect.EndToEnd.Tests;

/// <summary>Apart from other faults, because it waits out the minute that a server may be silent.</summary>
public sealed class StalledSourceTests
{
    [Fact]
    public void Server_that_stops_answering_is_given_up()
    {
        using var place = new Workplace();
        using var server = new NbdkitServer(place["server"], ["delay"], "rdelay=10");
        using VprotectProcess backup = place.Start("backup", server.Uri, "--machine", "vm");
        server.WaitForRead();
        server.Stall();
        backup.Wait().ExpectError(3, "SourceReadFailed");
        Assert.Empty(place.Points());
        place.NothingTemporaryIsLeft();
    }
}
