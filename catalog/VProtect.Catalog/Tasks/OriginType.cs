namespace VProtect.Catalog.Tasks;

/// <summary>Who asked for work.</summary>
public enum OriginType
{
    /// <summary>A user or a script.</summary>
    User,

    /// <summary>A schedule of a policy.</summary>
    Schedule,

    /// <summary>The appliance itself.</summary>
    SystemSchedule,
}
