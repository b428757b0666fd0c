using VProtect.Catalog;
using VProtect.Catalog.Policies;
using VProtect.Catalog.Sql;
using VProtect.Server.Validation;

namespace VProtect.Server.Scheduling;

/// <summary>Schedules out of the catalog that can run; one that is not valid any more is left out.</summary>
internal static class ValidSchedules
{
    /// <summary>All of them.</summary>
    public static async Task<IReadOnlyDictionary<Guid, ScheduleModel>> AllAsync(CatalogSession session, CancellationToken cancellationToken)
    {
        ListPage<Schedule> page = await session.Schedules.ListAsync(type: null, tenant: null, new ListQuery { Size = ListQuery.SizeMax }, cancellationToken);
        return page.Rows.Select(Find).OfType<ScheduleModel>().ToDictionary(schedule => schedule.Guid);
    }

    /// <summary>A schedule that can run, or null.</summary>
    public static ScheduleModel? Find(Schedule schedule)
    {
        try
        {
            return ScheduleValidation.Validate(schedule);
        }
        catch (InvalidFieldsException)
        {
            return null;
        }
    }
}
