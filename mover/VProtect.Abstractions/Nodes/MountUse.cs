namespace VProtect.Abstractions.Nodes;

/// <summary>A client began to use a disk of a mount, or uses it no more.</summary>
/// <param name="MountGuid">As in <see cref="MountWork.MountGuid"/>.</param>
/// <param name="Disk">Id of the disk; null where a client uses all of them.</param>
/// <param name="Address">IP address that it comes from, with its port where that is known.</param>
/// <param name="Name">Whom its certificate names, or its initiator name; null for neither.</param>
/// <param name="At">When.</param>
/// <param name="HasLeft">Whether it uses it no more.</param>
/// <param name="ReadBytes">What it has read; null where that is not known.</param>
/// <param name="WrittenBytes">What it has written; null where that is not known.</param>
public sealed record MountUse(
    string MountGuid, string? Disk, string Address, string? Name, DateTimeOffset At, bool HasLeft, long? ReadBytes, long? WrittenBytes);

/// <summary>What is wrong with a mount that is served, or that nothing is any more.</summary>
/// <param name="MountGuid">As in <see cref="MountWork.MountGuid"/>.</param>
/// <param name="Reason">What is wrong and what can be done, in sentences; null for nothing.</param>
public sealed record MountTrouble(string MountGuid, string? Reason);

/// <summary>Is told who uses what a node has mounted, for the audit log, and how mounts fare.</summary>
public interface IMountUses
{
    /// <summary>Takes a note of it, without waiting. Safe from several threads.</summary>
    void Tell(MountUse use);

    /// <summary>Takes a note of it, without waiting. Safe from several threads.</summary>
    void Tell(MountTrouble trouble);
}
