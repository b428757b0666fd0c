using System.Text.Json;
using System.Text.Json.Serialization;
using VProtect.Abstractions;
using VProtect.Catalog.Sql;
using VProtect.Server.Validation;

namespace VProtect.Server.Api.Shared;

/// <summary>Every error's answer: a ProblemDetails (RFC 9457) with our stable code, and the message where old clients look for it.</summary>
/// <param name="Type">A reference for the kind of error.</param>
/// <param name="Title">The code's name.</param>
/// <param name="Status">HTTP status.</param>
/// <param name="Detail">What happened and what to do.</param>
/// <param name="Code">Stable number.</param>
/// <param name="Message">What happened.</param>
/// <param name="Guidance">What to do.</param>
/// <param name="Field">The field that is wrong, or the first of them.</param>
/// <param name="Fields">All fields that are wrong.</param>
internal sealed record Problem(
    string Type, string Title, int Status, string Detail, int Code, string Message, string Guidance, string? Field, IReadOnlyList<FieldProblem>? Fields)
{
    public const string MediaType = "application/problem+json";

    public static Task WriteAsync(HttpContext context, int status, ErrorCode code, string message, string guidance) =>
        WriteAsync(context, status, code, message, guidance, field: null, fields: null);

    public static Task WriteAsync(HttpContext context, VProtectException failure) => WriteAsync(
        context, StatusOf(failure), failure.Code, failure.Message, failure.Guidance,
        (failure as InvalidFieldException)?.Field ?? (failure as InvalidFieldsException)?.Fields[0].Field,
        (failure as InvalidFieldsException)?.Fields);

    private static Task WriteAsync(
        HttpContext context, int status, ErrorCode code, string message, string guidance, string? field, IReadOnlyList<FieldProblem>? fields)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = MediaType;
        var problem = new Problem(
            $"urn:vprotect:error:{(int)code}", ApiName.Of(code), status, $"{message} {guidance}", (int)code, message, guidance, field, fields);
        return context.Response.Body.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(problem, ProblemJson.Default.Problem), context.RequestAborted).AsTask();
    }

    private static int StatusOf(VProtectException failure) => failure.Code switch
    {
        ErrorCode.InvalidArgument or ErrorCode.CatalogInvalid => StatusCodes.Status400BadRequest,
        ErrorCode.Unauthenticated or ErrorCode.LoginRefused or ErrorCode.SecondFactorRequired => StatusCodes.Status401Unauthorized,
        ErrorCode.Forbidden or ErrorCode.CsrfRefused or ErrorCode.PasswordChangeRequired => StatusCodes.Status403Forbidden,
        ErrorCode.CatalogNotFound or ErrorCode.RestorePointNotFound or ErrorCode.MachineNotFound or ErrorCode.NoSuchEndpoint => StatusCodes.Status404NotFound,
        ErrorCode.CatalogInUse or ErrorCode.CatalogDuplicate or ErrorCode.RestorePointHeld or ErrorCode.TaskLeaseLost or ErrorCode.MachineBusy
            or ErrorCode.RestorePointUnfit or ErrorCode.TaskUnfit => StatusCodes.Status409Conflict,
        ErrorCode.CatalogConflict => StatusCodes.Status412PreconditionFailed,
        ErrorCode.IdempotencyMismatch or ErrorCode.NotSupported => StatusCodes.Status422UnprocessableEntity,
        ErrorCode.LoginTooOften => StatusCodes.Status429TooManyRequests,
        _ when failure.Side == ErrorSide.Request => StatusCodes.Status400BadRequest,
        _ when failure.Retry != RetryAdvice.Never => StatusCodes.Status503ServiceUnavailable,

        // What a node met at a place that the request is about: it will be so again until somebody acts there.
        _ when failure.Side is not (ErrorSide.Transform or ErrorSide.Catalog) => StatusCodes.Status422UnprocessableEntity,
        _ => StatusCodes.Status500InternalServerError,
    };
}

/// <summary>How problems are written.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Problem))]
internal sealed partial class ProblemJson : JsonSerializerContext;
