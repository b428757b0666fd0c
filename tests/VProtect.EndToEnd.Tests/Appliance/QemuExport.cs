using System.Globalization;
using System.Text.Json;

namespace VProtect.EndToEnd.Tests.Appliance;

/// <summary>
/// A mounted disk as QEMU has it, for programs that do not connect again by themselves: <c>qemu-nbd</c> is the initiator or NBD client, which does, and hands the disk
/// on at a socket. A write has been answered to the program when the mount has answered it to QEMU.
/// </summary>
internal sealed class QemuExport : IDisposable
{
    private readonly VprotectProcess _process;

    /// <param name="socket">Where it listens.</param>
    /// <param name="address">Of the mounted disk, <c>iscsi://</c> or <c>nbd://</c>.</param>
    public QemuExport(string socket, string address)
    {
        Address = $"nbd+unix:///?socket={socket}";
        var place = new Uri(address);
        string disk = "json:" + JsonSerializer.Serialize(new Dictionary<string, object>
        {
            ["driver"] = "raw",
            ["file"] = place.Scheme == "iscsi" ? Iscsi(place) : Nbd(place),
        });
        _process = new VprotectProcess(["qemu-nbd", "--persistent", "--discard=unmap", "--shared=4", "-k", socket, disk], new Dictionary<string, string>());
        ApplianceSite.UntilAsync(() => Task.FromResult(_process.HasExited || Tool.TryRun("nbdinfo", "--size", Address).ExitCode == 0), () => $"{address} is not handed on.").GetAwaiter().GetResult();
        if (_process.HasExited)
        {
            throw new InvalidOperationException($"{address}: {_process.Wait().Error}");
        }
    }

    /// <summary>Where programs find it.</summary>
    public string Address { get; }

    public void Dispose() => _process.Dispose();

    private static Dictionary<string, object> Iscsi(Uri address) => new()
    {
        ["driver"] = "iscsi",
        ["transport"] = "tcp",
        ["portal"] = $"{address.Host}:{address.Port}",
        ["target"] = address.Segments[1].TrimEnd('/'),
        ["lun"] = int.Parse(address.Segments[2], CultureInfo.InvariantCulture),
    };

    private static Dictionary<string, object> Nbd(Uri address) => new()
    {
        ["driver"] = "nbd",
        ["server.type"] = "inet",
        ["server.host"] = address.Host,
        ["server.port"] = address.Port.ToString(CultureInfo.InvariantCulture),
        ["export"] = Uri.UnescapeDataString(address.AbsolutePath.TrimStart('/')),
        ["reconnect-delay"] = 120,
    };
}
