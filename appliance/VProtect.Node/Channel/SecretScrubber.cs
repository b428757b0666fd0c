using VProtect.Abstractions.Nodes;

namespace VProtect.Node.Channel;

/// <summary>Takes an order's secrets out of every text that leaves it: lines, stages, faults, logs.</summary>
internal sealed class SecretScrubber
{
    /// <summary>What is shorter is no secret, and would tear every text apart.</summary>
    private const int CharsMin = 4;

    private const string Instead = "***";
    private readonly string[] _secrets;

    public SecretScrubber(Work work)
    {
        IEnumerable<string?> secrets = [PlatformOf(work)?.Secret, RepositoryOf(work)?.Secret, RepositoryOf(work)?.Key?.Secret, .. ShellsOf(work), .. AccountsOf(work)];

        // Keys have many lines, and one of them is as good as all.
        _secrets =
        [
            .. secrets.OfType<string>()
                .SelectMany(secret => secret.Split('\n').Append(secret))
                .SelectMany(secret => new[] { secret.Trim(), Uri.EscapeDataString(secret.Trim()) })
                .Where(secret => secret.Length >= CharsMin && !secret.StartsWith("-----", StringComparison.Ordinal))
                .Distinct(StringComparer.Ordinal)
                .OrderByDescending(secret => secret.Length),
        ];
    }

    /// <summary>The text without secrets.</summary>
    public string Clean(string text)
    {
        foreach (string secret in _secrets)
        {
            text = text.Replace(secret, Instead, StringComparison.Ordinal);
        }

        return text;
    }

    private static PlatformReference? PlatformOf(Work work) => work switch
    {
        CheckPlatformWork w => w.Platform,
        InventoryWork w => w.Platform,
        BackupWork w => w.Platform,
        RestoreMachineWork w => w.Platform,
        RestoreIntoGuestWork w => w.Platform,
        CreateSnapshotWork w => w.Platform,
        RevertSnapshotWork w => w.Platform,
        RemoveSnapshotsWork w => w.Platform,
        CleanUpWork w => w.Platform,
        MountWork w => w.Boot?.Platform,
        UnmountWork w => w.BootedOn,
        _ => null,
    };

    private static IEnumerable<string?> ShellsOf(Work work) =>
        work is BackupWork backup ? [backup.Before?.Shell?.Secret, backup.After?.Shell?.Secret] : [];

    private static IEnumerable<string?> AccountsOf(Work work) =>
        work is MountWork { Iscsi: { } access } ? [access.Chap?.Secret, access.MutualChap?.Secret] : [];

    private static RepositoryReference? RepositoryOf(Work work) => work switch
    {
        BackupWork w => w.Repository,
        RestoreFilesWork w => w.Repository,
        RestoreMachineWork w => w.Repository,
        OpenRepositoryWork w => w.Repository,
        ForgetWork w => w.Repository,
        CollectWork w => w.Repository,
        VerifyWork w => w.Repository,
        MountWork w => w.Repository,
        UnmountWork w => w.Repository,
        ApplianceBackupWork w => w.Repository,
        _ => null,
    };
}
