namespace VProtect.Catalog.Tasks;

/// <summary>Why no node that is online may do a task: the first of these that no such node meets.</summary>
public enum TakerGap
{
    /// <summary>It is the work of the server's own node.</summary>
    OwnWork = 0,

    /// <summary>It is for one node.</summary>
    Node = 1,

    /// <summary>Its platform is left to other nodes.</summary>
    Source = 2,

    /// <summary>Those that its platform is left to cannot work with such a platform.</summary>
    Platform = 3,

    /// <summary>Its destination is left to other nodes.</summary>
    Destination = 4,

    /// <summary>Each is met by some node, all by none.</summary>
    Together = 5,

    /// <summary>The node configurations of those that could do it do not allow what it is.</summary>
    Type = 6,
}
