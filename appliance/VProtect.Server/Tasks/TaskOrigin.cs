using VProtect.Catalog.Tasks;
using VProtect.Server.Access;

namespace VProtect.Server.Tasks;

/// <summary>Who asks for work.</summary>
/// <param name="Type">What kind of asker.</param>
/// <param name="Guid">The user or schedule; null for the appliance itself.</param>
internal sealed record TaskOrigin(OriginType Type, Guid? Guid)
{
    /// <summary>The appliance itself.</summary>
    public static TaskOrigin Appliance { get; } = new(OriginType.SystemSchedule, Guid: null);

    /// <summary>A schedule of a policy.</summary>
    public static TaskOrigin Schedule(Guid schedule) => new(OriginType.Schedule, schedule);

    /// <summary>The user of a request.</summary>
    public static TaskOrigin Of(HttpContext context) => new(OriginType.User, Caller.Of(context).UserGuid);
}
