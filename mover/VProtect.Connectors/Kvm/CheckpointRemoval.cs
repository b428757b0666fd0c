using VProtect.Connectors.Contract;
using VProtect.Connectors.Kvm.Native;

namespace VProtect.Connectors.Kvm;

/// <summary>Removes checkpoints of ours wholly: from libvirt, and from the images when the machine is off and QEMU cannot do it.</summary>
internal static class CheckpointRemoval
{
    /// <returns>Why not, or null.</returns>
    internal static async Task<string?> RemoveAsync(
        KvmPlatform platform, string machineUuid, Func<DomainHandle, IReadOnlyList<CheckpointName>> choose)
    {
        (IReadOnlyList<CheckpointName> names, IReadOnlyList<string> images) = await platform.Session.ChangeAsync<(IReadOnlyList<CheckpointName>, IReadOnlyList<string>)>(
            "Removing checkpoints",
            api =>
            {
                using DomainHandle? domain = api.TryLookupDomain(machineUuid);
                if (domain is null)
                {
                    return ([], []);
                }

                IReadOnlyList<CheckpointName> chosen = choose(domain);
                foreach (CheckpointName name in chosen)
                {
                    Checkpoints.Remove(domain, name.ToString());
                }

                bool isOff = InventoryReader.ToPower(LibvirtApi.GetState(domain)) == PowerState.Off;
                return isOff ? (chosen, [.. Disks.ListImages(api, domain)]) : (chosen, []);
            },
            CancellationToken.None);
        if (names.Count == 0 || !platform.Host.HasCommands)
        {
            return null;
        }

        HashSet<string> wanted = [.. names.Select(name => name.ToString())];
        foreach (string image in images)
        {
            IReadOnlyDictionary<string, bool> bitmaps = await Checkpoints.ListBitmapsAsync(platform.Host, image, CancellationToken.None);
            if (await Checkpoints.RemoveBitmapsAsync(platform.Host, image, bitmaps.Keys.Where(wanted.Contains), CancellationToken.None) is { } fault)
            {
                return fault;
            }
        }

        return null;
    }
}
