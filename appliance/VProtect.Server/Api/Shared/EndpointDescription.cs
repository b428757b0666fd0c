using VProtect.Server.Access;

namespace VProtect.Server.Api.Shared;

/// <summary>What every endpoint must say about itself. A test refuses those that do not.</summary>
internal static class EndpointDescription
{
    /// <summary>Names an endpoint's summary and permission, and the errors it answers with besides 401 and 403.</summary>
    public static RouteHandlerBuilder Describe(this RouteHandlerBuilder endpoint, string summary, string permission, params int[] errors)
    {
        endpoint.WithSummary(summary).RequireAuthorization().WithMetadata(new RequiredPermission(permission));
        foreach (int status in errors.Append(StatusCodes.Status401Unauthorized).Append(StatusCodes.Status403Forbidden).Distinct().Order())
        {
            endpoint.WithMetadata(new ProducesResponseTypeMetadata(status, typeof(Problem), [Problem.MediaType]));
        }

        return endpoint;
    }
}
