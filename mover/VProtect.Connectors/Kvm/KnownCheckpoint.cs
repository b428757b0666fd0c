namespace VProtect.Connectors.Kvm;

/// <summary>A checkpoint of ours as libvirt keeps it. Its description tells the task it was made for and the checkpoints that backup was built upon.</summary>
/// <param name="Name">Its name.</param>
/// <param name="CreatedAt">When, in seconds since 1970 by the host's clock.</param>
/// <param name="Description">As <see cref="Describe"/> writes it.</param>
internal sealed record KnownCheckpoint(CheckpointName Name, long CreatedAt, string Description)
{
    private const string Middle = " records changes; built upon:";

    /// <summary>Mark of the task it was made for.</summary>
    internal string Mark => Description.Split(' ')[0];

    internal static string Describe(string mark, IEnumerable<string> parents) => $"{mark}{Middle} {string.Join(' ', parents)}".TrimEnd();

    internal bool IsBuiltUpon(CheckpointName name) => Description.Split(' ').Skip(1).Contains(name.ToString(), StringComparer.Ordinal);
}
