using VProtect.Catalog;
using VProtect.Catalog.Audit;
using VProtect.Server.Access;

namespace VProtect.Server.Api.Shared;

/// <summary>Appends to the audit log, in the transaction of the change and as its last step: what is changed is also written down.</summary>
internal static class AuditTrail
{
    /// <summary>Notes a change that the caller makes.</summary>
    /// <param name="transaction">Of the change.</param>
    /// <param name="context">Of the request.</param>
    /// <param name="action">What, as <c>area.verb</c>; stored, so it stays.</param>
    /// <param name="kind">Kind of the object, as its list is called in the API.</param>
    /// <param name="guid">Object.</param>
    /// <param name="name">Its name.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static Task AppendAsync(
        CatalogTransaction transaction, HttpContext context, string action, string kind, Guid? guid, string? name, CancellationToken cancellationToken) =>
        AppendAsync(transaction, context, action, kind, guid, name, AuditOutcome.Success, detail: "{}", cancellationToken);

    /// <summary>As above, with what became of it and more about it, as JSON.</summary>
    public static Task AppendAsync(
        CatalogTransaction transaction, HttpContext context, string action, string kind, Guid? guid, string? name, AuditOutcome outcome, string detail,
        CancellationToken cancellationToken)
    {
        Caller caller = Caller.Of(context);
        return AppendAsync(transaction, context, new AuditEntry
        {
            At = default,
            ActorGuid = caller.UserGuid,
            Actor = caller.Login,
            Action = action,
            ObjectKind = kind,
            ObjectGuid = guid,
            ObjectName = name,
            Outcome = outcome,
            Detail = detail,
        }, cancellationToken);
    }

    /// <summary>Notes a login or logout, in which nobody is logged in yet or any more.</summary>
    public static Task AppendAsync(
        CatalogTransaction transaction, HttpContext context, string login, Guid? user, string action, AuditOutcome outcome, CancellationToken cancellationToken) =>
        AppendAsync(
            transaction, context,
            new AuditEntry { At = default, ActorGuid = user, Actor = login, Action = action, ObjectKind = "session", Outcome = outcome },
            cancellationToken);

    private static Task<AuditEntry> AppendAsync(CatalogTransaction transaction, HttpContext context, AuditEntry entry, CancellationToken cancellationToken)
    {
        TimeProvider time = context.RequestServices.GetRequiredService<TimeProvider>();
        return transaction.Audit.AppendAsync(entry with { At = time.GetUtcNow(), Address = context.Connection.RemoteIpAddress?.ToString() }, cancellationToken);
    }
}
