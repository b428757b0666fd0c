using VProtect.Catalog;
using VProtect.Catalog.Mirror;
using VProtect.Catalog.Nodes;

namespace VProtect.Server.Api.Appliances;

/// <summary>An appliance that joined this one.</summary>
/// <param name="Guid">Identity.</param>
/// <param name="Name">Name shown to people; unique.</param>
/// <param name="Here">Whether it answers at the moment.</param>
/// <param name="NodeIP">Where it was last heard from.</param>
/// <param name="LastSeen">When it was last heard of.</param>
/// <param name="Version">Version of its program.</param>
/// <param name="EnrolledAt">When it joined.</param>
/// <param name="SyncedAt">When it last told what changed there.</param>
/// <param name="Machines">Machines that it has.</param>
/// <param name="Policies">Policies that it has.</param>
/// <param name="Destinations">Destinations that it has.</param>
/// <param name="RestorePoints">Restore points that it has.</param>
/// <param name="Skipped">Rows of it that cannot be shown: their guids are another's, or they are not of the shape that they should be of.</param>
/// <param name="Problem">Why it is heard no further, and what to do; null when it is.</param>
internal sealed record ApplianceView(
    Guid Guid, string Name, bool Here, string? NodeIP, DateTimeOffset? LastSeen, string? Version, DateTimeOffset EnrolledAt, DateTimeOffset? SyncedAt,
    long Machines, long Policies, long Destinations, long RestorePoints, long Skipped, string? Problem)
{
    public static async Task<ApplianceView> OfAsync(CatalogSession session, JoinedAppliance appliance, bool isHere, string? problem, CancellationToken cancellationToken)
    {
        Node node = await session.Nodes.GetAsync(appliance.Guid, cancellationToken);
        Task<long> CountAsync(string table) => session.Mirror.CountAsync(table, appliance.Guid, cancellationToken);
        return new ApplianceView(
            node.Guid, node.Name, isHere, node.Address, node.LastSeenAt, node.ProgramVersion, node.EnrolledAt, appliance.SyncedAt,
            await CountAsync("machines"), await CountAsync("policies"), await CountAsync("destinations"), await CountAsync("restore_points"), appliance.Skipped, problem);
    }
}

/// <summary>An appliance that is to join.</summary>
/// <param name="Name">Name shown to people; unique among nodes and appliances.</param>
internal sealed record ApplianceRequest(string? Name);

/// <summary>This appliance at the server that it joined.</summary>
/// <param name="Joined">Whether it has joined one; else all else is null.</param>
/// <param name="Guid">What the server knows it by.</param>
/// <param name="Name">What the server calls it.</param>
/// <param name="Server">Host and port of the server.</param>
/// <param name="InStepAt">When the server last knew everything; null not since this program started.</param>
/// <param name="Pending">Rows that the server has not been told.</param>
/// <param name="Problem">Why the server does not hear it; null when it does.</param>
internal sealed record MembershipView(bool Joined, string? Guid, string? Name, string? Server, DateTimeOffset? InStepAt, long? Pending, string? Problem);

/// <summary>The server to join or to follow.</summary>
/// <param name="Server">Host and port of its port for nodes.</param>
/// <param name="Token">A token made there, to join; it is not needed to follow the server to another address.</param>
internal sealed record MembershipRequest(string? Server, string? Token);
