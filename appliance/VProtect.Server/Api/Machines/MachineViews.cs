using Microsoft.AspNetCore.Mvc;
using VProtect.Catalog.Inventory;
using VProtect.Catalog.RestorePoints;
using VProtect.Server.Api.Shared;

namespace VProtect.Server.Api.Machines;

/// <summary>A virtual machine as clients see it.</summary>
/// <param name="Guid">Identity.</param>
/// <param name="Name">Name on the platform.</param>
/// <param name="Uuid">Identity on the platform.</param>
/// <param name="Hypervisor">Host where it was last seen.</param>
/// <param name="HvManager">Its manager.</param>
/// <param name="HvType">Its platform.</param>
/// <param name="HvmType">Platform of its manager; null when it has none.</param>
/// <param name="Cluster">Its cluster.</param>
/// <param name="Project">Project or folder on the platform.</param>
/// <param name="TenantId">Tenant that it belongs to.</param>
/// <param name="VmBackupPolicy">The backup policy of highest priority that it is in.</param>
/// <param name="SnapshotMgmtPolicy">The snapshot policy of highest priority that it is in.</param>
/// <param name="Policies">All policies that it is in.</param>
/// <param name="BackupUpToDate">Whether its last good backup is as new as its policies ask.</param>
/// <param name="RpoDue">Until when it is up to date; null when no policy asks.</param>
/// <param name="Backups">Its newest good backups; only of one machine and in the detailed list.</param>
/// <param name="Tasks">Its tasks that wait or run; only of one machine and in the detailed list.</param>
/// <param name="LastStoredSnapshot">Its newest snapshot of a policy; only of one machine and in the detailed list.</param>
/// <param name="LastBackup">When a backup was last tried.</param>
/// <param name="LastBackupState">How that ended.</param>
/// <param name="LastSuccessfulBackup">When the last good backup was made.</param>
/// <param name="LastSuccessfulBackupSize">Its size, bytes.</param>
/// <param name="LastSuccessfulFullBackup">When the last good full backup was made.</param>
/// <param name="LastSuccessfulFullBackupSize">Its size, bytes.</param>
/// <param name="Present">Whether the platform still has it.</param>
/// <param name="PowerState">Whether it runs.</param>
/// <param name="GuestOs">Guest system as the platform tells it.</param>
/// <param name="CpuCount">Virtual processors.</param>
/// <param name="Memory">Memory, bytes.</param>
/// <param name="ProvisionedSize">Size of its disks, bytes.</param>
/// <param name="FirstSeen">When it was found.</param>
/// <param name="LastSeen">When the platform last showed it.</param>
/// <param name="Tags">Its tags on the platform.</param>
/// <param name="VmExportImportMode">How its disks are read, as its connector names it; null as its host has it.</param>
/// <param name="QuiesceBeforeSnapshot">Whether the guest is asked to flush before the snapshot.</param>
/// <param name="SshHost">Guest address for commands.</param>
/// <param name="SshPort">Its port.</param>
/// <param name="SshUser">Its user.</param>
/// <param name="SshKeyPath">Path of a private key on the node.</param>
/// <param name="SshPasswordSet">Whether a password for the guest is stored.</param>
/// <param name="PreSnapCmdExecEnabled">Whether a command runs before the snapshot.</param>
/// <param name="PreSnapCmdArgs">Its argument vector.</param>
/// <param name="PreSnapIgnoredExitCodes">Exit codes that count as success.</param>
/// <param name="PreSnapStdErrorHandling">What its error output means.</param>
/// <param name="PostSnapCmdExecEnabled">Whether a command runs after the snapshot.</param>
/// <param name="PostSnapCmdArgs">Its argument vector.</param>
/// <param name="PostSnapIgnoredExitCodes">Exit codes that count as success.</param>
/// <param name="PostSnapStdErrorHandling">What its error output means.</param>
/// <param name="WarningsPresent">Whether the last backup has warnings nobody acknowledged.</param>
/// <param name="RestoreStatus">What the last restore or recovery test said.</param>
/// <param name="Appliance">The appliance that it belongs to, which joined this one; null for its own.</param>
internal sealed record MachineView(
    Guid Guid, string Name, string Uuid, NameAndGuid? Hypervisor, NameAndGuid? HvManager, NamedValue HvType, NamedValue? HvmType, NameAndGuid? Cluster,
    string? Project, string? TenantId, NameAndGuid? VmBackupPolicy, NameAndGuid? SnapshotMgmtPolicy, IReadOnlyList<NameAndGuid> Policies, bool BackupUpToDate,
    DateTimeOffset? RpoDue, IReadOnlyList<NameAndGuid>? Backups, IReadOnlyList<NameAndGuid>? Tasks, NameAndGuid? LastStoredSnapshot, DateTimeOffset? LastBackup,
    RestorePointState? LastBackupState, DateTimeOffset? LastSuccessfulBackup, long? LastSuccessfulBackupSize, DateTimeOffset? LastSuccessfulFullBackup,
    long? LastSuccessfulFullBackupSize, bool Present, PowerState PowerState, string? GuestOs, int? CpuCount, long? Memory, long ProvisionedSize,
    DateTimeOffset FirstSeen, DateTimeOffset? LastSeen, IReadOnlyList<string> Tags, NamedValue? VmExportImportMode, bool QuiesceBeforeSnapshot, string? SshHost,
    int? SshPort, string? SshUser, string? SshKeyPath, bool SshPasswordSet, bool PreSnapCmdExecEnabled, IReadOnlyList<string> PreSnapCmdArgs,
    IReadOnlyList<int> PreSnapIgnoredExitCodes, CommandErrorHandling PreSnapStdErrorHandling, bool PostSnapCmdExecEnabled, IReadOnlyList<string> PostSnapCmdArgs,
    IReadOnlyList<int> PostSnapIgnoredExitCodes, CommandErrorHandling PostSnapStdErrorHandling, bool WarningsPresent, string? RestoreStatus,
    NameAndGuid? Appliance);

/// <summary>Which machines are wanted; what is missing does not limit.</summary>
/// <param name="TenantId">Of this tenant.</param>
/// <param name="Hypervisor">On this host.</param>
/// <param name="HypervisorManager">Of this manager.</param>
/// <param name="Cluster">In this cluster.</param>
/// <param name="Type">Of this platform.</param>
/// <param name="Policy">In this policy.</param>
/// <param name="Tag">With this tag.</param>
/// <param name="Present">Whether the platform still has them.</param>
/// <param name="Protected">Whether they are in any backup policy.</param>
/// <param name="UpToDate">Whether their last good backup is as new as their policies ask.</param>
/// <param name="LastBackupState">Whose last backup ended so.</param>
internal sealed record MachineQuery(
    [FromQuery(Name = "tenantId")] string? TenantId, Guid? Hypervisor, [FromQuery(Name = "hypervisor-manager")] Guid? HypervisorManager, Guid? Cluster, string? Type,
    Guid? Policy, string? Tag, bool? Present, bool? Protected, [FromQuery(Name = "up-to-date")] bool? UpToDate,
    [FromQuery(Name = "last-backup-state")] QueryValue<RestorePointState>? LastBackupState)
{
    public MachineFilter ToFilter() => new()
    {
        Tenant = TenantId,
        Hypervisor = Hypervisor,
        HypervisorManager = HypervisorManager,
        Cluster = Cluster,
        Platform = Type?.ToUpperInvariant(),
        Policy = Policy,
        Tag = Tag,
        Present = Present,
        Protected = Protected,
        UpToDate = UpToDate,
        LastBackupState = LastBackupState?.Value,
    };
}

/// <summary>Settings of a machine as clients write them; what is missing stays as it is, an empty text clears.</summary>
/// <param name="VmBackupPolicy">A backup policy: the machine is put into it, and leaves the one that it showed.</param>
/// <param name="SnapshotMgmtPolicy">A snapshot policy, likewise.</param>
/// <param name="VmExportImportMode">How its disks are read, as its connector names it.</param>
/// <param name="QuiesceBeforeSnapshot">Whether the guest is asked to flush before the snapshot.</param>
/// <param name="SshHost">Guest address for commands.</param>
/// <param name="SshPort">Its port.</param>
/// <param name="SshUser">Its user.</param>
/// <param name="SshKeyPath">Path of a private key on the node.</param>
/// <param name="PreSnapCmdExecEnabled">Whether a command runs before the snapshot.</param>
/// <param name="PreSnapCmdArgs">Its argument vector: program and arguments, never a shell line.</param>
/// <param name="PreSnapIgnoredExitCodes">Exit codes that count as success.</param>
/// <param name="PreSnapStdErrorHandling">What its error output means.</param>
/// <param name="PostSnapCmdExecEnabled">Whether a command runs after the snapshot.</param>
/// <param name="PostSnapCmdArgs">Its argument vector: program and arguments, never a shell line.</param>
/// <param name="PostSnapIgnoredExitCodes">Exit codes that count as success.</param>
/// <param name="PostSnapStdErrorHandling">What its error output means.</param>
internal sealed record MachineSettingsRequest(
    NameAndGuid? VmBackupPolicy, NameAndGuid? SnapshotMgmtPolicy, NamedValue? VmExportImportMode, bool? QuiesceBeforeSnapshot, string? SshHost, int? SshPort,
    string? SshUser, string? SshKeyPath, bool? PreSnapCmdExecEnabled, IReadOnlyList<string>? PreSnapCmdArgs, IReadOnlyList<int>? PreSnapIgnoredExitCodes,
    CommandErrorHandling? PreSnapStdErrorHandling, bool? PostSnapCmdExecEnabled, IReadOnlyList<string>? PostSnapCmdArgs,
    IReadOnlyList<int>? PostSnapIgnoredExitCodes, CommandErrorHandling? PostSnapStdErrorHandling);

/// <summary>A password for the guest.</summary>
/// <param name="Password">Write only; empty removes the one that is stored.</param>
internal sealed record SshPasswordRequest(string? Password);

/// <summary>How many were deleted.</summary>
/// <param name="Deleted">Number.</param>
internal sealed record DeletedView(int Deleted);

/// <summary>A disk of a machine as clients see it.</summary>
/// <param name="Guid">Identity.</param>
/// <param name="Name">Name shown to people.</param>
/// <param name="DeviceId">Identity among the machine's disks.</param>
/// <param name="Uuid">Identity on the platform, if it has one.</param>
/// <param name="VirtualMachine">Its machine.</param>
/// <param name="Position">Order on the machine, from 0.</param>
/// <param name="Size">Size, bytes.</param>
/// <param name="HypervisorStorage">Where it lies.</param>
/// <param name="Format">Format on the platform.</param>
/// <param name="Excluded">Whether backups leave it out.</param>
/// <param name="ExcludeReason">Why.</param>
/// <param name="Present">Whether the machine still has it.</param>
internal sealed record DiskView(
    Guid Guid, string Name, string DeviceId, string? Uuid, NameAndGuid VirtualMachine, int Position, long Size, NameAndGuid? HypervisorStorage, string? Format,
    bool Excluded, string? ExcludeReason, bool Present);

/// <summary>What can be changed of a disk; what is missing stays as it is.</summary>
/// <param name="Excluded">Whether backups leave it out.</param>
/// <param name="ExcludeReason">Why; forgotten when it is not excluded.</param>
internal sealed record DiskSettingsRequest(bool? Excluded, string? ExcludeReason);

/// <summary>A snapshot kept on the platform.</summary>
/// <param name="Guid">Identity.</param>
/// <param name="Name">Name on the platform.</param>
/// <param name="Uuid">Identity on the platform, once it exists.</param>
/// <param name="VirtualMachine">Its machine.</param>
/// <param name="State">Where it stands.</param>
/// <param name="SnapshotTime">When it was asked for.</param>
/// <param name="Policy">Policy that made it.</param>
/// <param name="Rule">Rule that made it.</param>
/// <param name="Backup">Backup that reads from it.</param>
/// <param name="Quiesced">Whether the guest flushed first.</param>
/// <param name="Ours">Whether we made it and may remove it.</param>
/// <param name="Size">Space it takes on the platform, bytes.</param>
/// <param name="StatusInfo">Why it failed.</param>
internal sealed record SnapshotView(
    Guid Guid, string Name, string? Uuid, NameAndGuid VirtualMachine, SnapshotState State, DateTimeOffset SnapshotTime, NameAndGuid? Policy, NameAndGuid? Rule,
    NameAndGuid? Backup, bool Quiesced, bool Ours, long? Size, string? StatusInfo);
