using VProtect.Mover.Store;

namespace VProtect.Appliance.Cli;

/// <summary>Backup modes as shown.</summary>
internal static class ModeText
{
    public static string Of(BackupMode mode) => mode switch
    {
        BackupMode.Full => "full",
        BackupMode.Delta => "delta",
        _ => "compare",
    };

    /// <summary>One mode for several disks: the one that reads most.</summary>
    public static string Of(IReadOnlyList<RestorePointDisk> disks) =>
        Of(disks.Any(disk => disk.Mode == BackupMode.Full) ? BackupMode.Full
            : disks.Any(disk => disk.Mode == BackupMode.Compare) ? BackupMode.Compare
            : BackupMode.Delta);
}
