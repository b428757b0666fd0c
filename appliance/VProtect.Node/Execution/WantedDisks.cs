using VProtect.Abstractions;
using VProtect.Mover.Store;
using VProtect.Node.Repositories;

namespace VProtect.Node.Execution;

/// <summary>Which disks of which restore point are to be restored.</summary>
internal static class WantedDisks
{
    /// <summary>The restore point of an id.</summary>
    /// <exception cref="VProtectException">There is none, or it is damaged.</exception>
    public static async Task<RestorePoint> FindPointAsync(
        SharedRepository shared, string pointId, WorkContext context, CancellationToken cancellationToken)
    {
        context.Enter("reading the restore point");
        return PackId.TryParse(pointId, out _)
            ? await shared.Repository.FindPointAsync(pointId, machine: null, cancellationToken)
            : throw new VProtectException(
                ErrorCode.InvalidArgument, ErrorSide.Request, $"'{pointId}' is no id of a restore point.", "Give the whole id: 32 hexadecimal digits.");
    }

    /// <summary>Its disks of these names, in its order; all disks of the machine when none is named.</summary>
    /// <exception cref="VProtectException">There is no such disk.</exception>
    public static List<RestorePointDisk> Of(RestorePoint point, IReadOnlyList<string> names)
    {
        foreach (string name in names)
        {
            point.GetDisk(name);
        }

        return [.. names.Count == 0 ? point.MachineDisks : point.Disks.Where(disk => names.Contains(disk.Name, StringComparer.Ordinal))];
    }
}
