using VProtect.Server.Api.Shared;

namespace VProtect.Server.Api.Roles;

/// <summary>A permission that roles and tokens can hold.</summary>
/// <param name="Name">As roles hold it; <c>area.write</c> includes all actions of its area but to see, <c>*</c> is everything.</param>
/// <param name="Description">What it lets one do.</param>
/// <param name="CanBeLimited">Whether it counts when a role is given for selected objects only.</param>
internal sealed record PermissionView(string Name, string Description, bool CanBeLimited);

/// <summary>A role.</summary>
/// <param name="Guid">Identity.</param>
/// <param name="Name">Name shown to people.</param>
/// <param name="Description">What it is for.</param>
/// <param name="BuiltIn">Whether it came with the program and cannot be changed.</param>
/// <param name="Permissions">What it lets one do.</param>
internal sealed record RoleView(Guid Guid, string Name, string? Description, bool BuiltIn, IReadOnlyList<string> Permissions);

/// <summary>A role as clients write it.</summary>
/// <param name="Name">Name shown to people.</param>
/// <param name="Description">What it is for.</param>
/// <param name="Permissions">What it lets one do, as GET /api/permissions lists them; missing: as before.</param>
internal sealed record RoleRequest(string? Name, string? Description, IReadOnlyList<string>? Permissions);

/// <summary>A role that somebody was given.</summary>
/// <param name="Guid">Identity.</param>
/// <param name="Role">The role.</param>
/// <param name="User">The user who has it; null when a group has.</param>
/// <param name="Group">The group whose members have it; null when a user has.</param>
/// <param name="ScopeKind">Kind of the object that it is limited to: machine, hypervisor, hypervisor-manager, policy or destination; null for everything.</param>
/// <param name="Scope">That object; without a name when it does not exist any more.</param>
internal sealed record RoleAssignmentView(Guid Guid, NameAndGuid Role, NameAndGuid? User, NameAndGuid? Group, string? ScopeKind, NameAndGuid? Scope);

/// <summary>What is sent to give a role. To give it for several objects, give it several times.</summary>
/// <param name="Role">The role.</param>
/// <param name="User">The user who gets it, or</param>
/// <param name="Group">the group whose members get it.</param>
/// <param name="ScopeKind">machine, hypervisor (with its machines), hypervisor-manager (with its hosts and machines), policy (with its rules and machines) or destination; missing: everything.</param>
/// <param name="Scope">That object.</param>
internal sealed record RoleAssignmentRequest(NameAndGuid? Role, NameAndGuid? User, NameAndGuid? Group, string? ScopeKind, NameAndGuid? Scope);
