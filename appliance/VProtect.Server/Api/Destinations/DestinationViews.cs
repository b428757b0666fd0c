using System.Text.Json;
using VProtect.Catalog.Inventory;
using VProtect.Server.Api.Shared;

namespace VProtect.Server.Api.Destinations;

/// <summary>A backup destination as clients see it.</summary>
/// <param name="Guid">Identity.</param>
/// <param name="Name">Name shown to people; unique.</param>
/// <param name="Type">Kind of its backend.</param>
/// <param name="Description">What it is for.</param>
/// <param name="Settings">Place and settings of the backend, by name: <c>path</c>.</param>
/// <param name="Credential">The key of its bucket; null when the nodes find one themselves, and for who may not see names of credentials.</param>
/// <param name="NodeConfigs">Settings of the nodes that may reach it; empty for all nodes.</param>
/// <param name="TotalUsedSpace">Stored by us, bytes.</param>
/// <param name="TotalAvailableSpace">Free for us, bytes.</param>
/// <param name="TotalDedupUsedSpace">Stored by us after deduplication and compression, bytes: the same.</param>
/// <param name="TotalDedupAvailableSpace">Free for us, bytes: the same.</param>
/// <param name="LogicalSize">What the backups hold before deduplication, bytes.</param>
/// <param name="DefaultBackupDestination">Whether backups go there for which nobody says where.</param>
/// <param name="VisibleForAllVms">Whether every machine may use it.</param>
/// <param name="Projects">Projects whose machines may use it when not all may.</param>
/// <param name="Reserve">Space that backups leave free, bytes; 0 for the default.</param>
/// <param name="Encrypted">Whether it is encrypted.</param>
/// <param name="RepositoryId">Identity of the repository there.</param>
/// <param name="State">Whether it was reached.</param>
/// <param name="StateInfo">Why not.</param>
/// <param name="CheckedAt">When it was last reached or tried.</param>
/// <param name="Appliance">The appliance that it belongs to, which joined this one; null for its own.</param>
internal record DestinationView(
    Guid Guid, string Name, NamedValue Type, string? Description, IReadOnlyDictionary<string, JsonElement> Settings, NameAndGuid? Credential, IReadOnlyList<NameAndGuid> NodeConfigs,
    long TotalUsedSpace, long TotalAvailableSpace, long TotalDedupUsedSpace, long TotalDedupAvailableSpace, long LogicalSize, bool DefaultBackupDestination,
    bool VisibleForAllVms, IReadOnlyList<string> Projects, long Reserve, bool Encrypted, string? RepositoryId, ConnectionState State, string? StateInfo,
    DateTimeOffset? CheckedAt, NameAndGuid? Appliance);

/// <summary>A destination that was made just now.</summary>
internal sealed record NewDestinationView : DestinationView
{
    public NewDestinationView(DestinationView view, string? recoveryKey)
        : base(view)
    {
        RecoveryKey = recoveryKey;
    }

    /// <summary>Opens the repository when all else is lost. Told this once; null when the repository was there before or is not encrypted.</summary>
    public string? RecoveryKey { get; }
}

/// <summary>A backup destination as clients write it; what is missing stays as it is, or has its default when the destination is new.</summary>
/// <param name="Name">Name shown to people; unique.</param>
/// <param name="Type">Kind of its backend: FILESYSTEM or S3; told by the path when it is missing. Cannot be changed.</param>
/// <param name="Description">What it is for.</param>
/// <param name="Settings">Place and settings of the backend; <c>path</c>: for FILESYSTEM an absolute directory, for S3 <c>s3://bucket/prefix?endpoint=URL&amp;region=NAME&amp;ca=FILE</c>. Cannot be changed.</param>
/// <param name="Credential">The key of a bucket: a credential of the kind PASSWORD whose login is the id of the access key and whose secret is the secret access key. Without one each node takes what it finds: the profile in the path, its environment, its role. <c>00000000-0000-0000-0000-000000000000</c> takes it away. Needs the permission inventory.credentials.</param>
/// <param name="NodeConfigs">Settings of the nodes that may reach it; replaces all.</param>
/// <param name="DefaultBackupDestination">Whether backups go there for which nobody says where; there is one such, at most.</param>
/// <param name="VisibleForAllVms">Whether every machine may use it; it may when a new one does not say.</param>
/// <param name="Projects">Projects whose machines may use it when not all may; replaces all.</param>
/// <param name="Reserve">Space that backups leave free, bytes; 0 for the default.</param>
/// <param name="Encrypted">Whether a new repository is encrypted; it is when nobody says.</param>
/// <param name="Passphrase">Opens a repository that is there already, or will open the new one; made at random when it is missing. Write only.</param>
internal sealed record DestinationRequest(
    string? Name, NamedValue? Type, string? Description, IReadOnlyDictionary<string, JsonElement>? Settings, NameAndGuid? Credential, IReadOnlyList<NameAndGuid>? NodeConfigs,
    bool? DefaultBackupDestination, bool? VisibleForAllVms, IReadOnlyList<string>? Projects, long? Reserve, bool? Encrypted, string? Passphrase);
