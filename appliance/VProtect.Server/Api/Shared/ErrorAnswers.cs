using System.Text.Json;
using System.Text.RegularExpressions;
using VProtect.Abstractions;

namespace VProtect.Server.Api.Shared;

/// <summary>Turns whatever goes wrong behind it into a <see cref="Problem"/>. What is our bug is logged, and told without details.</summary>
internal sealed partial class ErrorAnswers(RequestDelegate next, ILogger<ErrorAnswers> logger)
{
    public async Task InvokeAsync(HttpContext context)
    {
        try
        {
            await next(context);
            if (!context.Response.HasStarted && context.Response.StatusCode >= 400 && context.Response.ContentType is null)
            {
                await AnswerStatusAsync(context);
            }
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // Nobody waits for the answer.
            context.Response.StatusCode = StatusCodes.Status499ClientClosedRequest;
        }
        catch (Exception exception) when (!context.Response.HasStarted)
        {
            await AnswerAsync(context, exception);
        }
    }

    private Task AnswerAsync(HttpContext context, Exception exception)
    {
        switch (exception)
        {
            case VProtectException failure:
                if (failure.Side != ErrorSide.Request && failure.Code is not (ErrorCode.CatalogNotFound or ErrorCode.CatalogConflict or ErrorCode.CatalogDuplicate))
                {
                    Log.Failed(logger, context.Request.Method, context.Request.Path, (int)failure.Code, failure.Message);
                }

                return Problem.WriteAsync(context, failure);
            case BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge }:
                return Problem.WriteAsync(
                    context, StatusCodes.Status413PayloadTooLarge, ErrorCode.RequestTooLarge, "The request is too large.", "Send less at once.");
            case BadHttpRequestException { StatusCode: StatusCodes.Status415UnsupportedMediaType }:
                return Problem.WriteAsync(
                    context, StatusCodes.Status415UnsupportedMediaType, ErrorCode.MediaTypeRefused, "The body is not understood.", "Send JSON with Content-Type: application/json.");
            case BadHttpRequestException { InnerException: JsonException json }:
                return AnswerAsync(context, FieldOf(json));
            case BadHttpRequestException bad when ParameterPattern().Match(bad.Message) is { Success: true } match:
                return AnswerAsync(context, new InvalidFieldException(JsonNamingPolicy.CamelCase.ConvertName(match.Groups[1].Value), "The value is not understood.", "Correct its form."));
            case BadHttpRequestException bad:
                return Problem.WriteAsync(context, bad.StatusCode, ErrorCode.InvalidArgument, bad.Message, "Correct the request.");
            default:
                Log.Unexpected(logger, exception, context.Request.Method, context.Request.Path);
                return Problem.WriteAsync(
                    context, StatusCodes.Status500InternalServerError, ErrorCode.Unknown, "Something unexpected went wrong.",
                    $"This is a bug: please report it with the log's lines about {context.TraceIdentifier}.");
        }
    }

    /// <summary>The field that the JSON reader stopped at. Its own message may quote what was sent, so only ours are passed on.</summary>
    private static InvalidFieldException FieldOf(JsonException json)
    {
        string field = json.Path is { Length: > 2 } path && path.StartsWith("$.", StringComparison.Ordinal) ? path[2..] : "body";
        return json.Message.StartsWith("It m", StringComparison.Ordinal)
            ? new InvalidFieldException(field, "The value is not known.", json.Message)
            : new InvalidFieldException(field, "It is no JSON of the expected form.", "Correct the value's type.");
    }

    // How the binder says which parameter it could not read: Failed to bind parameter "Nullable<Guid> policy" from "x".
    [GeneratedRegex(@"^Failed to bind parameter ""\S+ ([^""]+)"" from ")]
    private static partial Regex ParameterPattern();

    private static Task AnswerStatusAsync(HttpContext context) => context.Response.StatusCode switch
    {
        StatusCodes.Status404NotFound => Problem.WriteAsync(
            context, StatusCodes.Status404NotFound, ErrorCode.NoSuchEndpoint, "There is no such address.", "Check path and verb."),
        StatusCodes.Status405MethodNotAllowed => Problem.WriteAsync(
            context, StatusCodes.Status405MethodNotAllowed, ErrorCode.NoSuchEndpoint, "The address does not know this verb.", "Check path and verb."),
        StatusCodes.Status415UnsupportedMediaType => Problem.WriteAsync(
            context, StatusCodes.Status415UnsupportedMediaType, ErrorCode.MediaTypeRefused, "The body is not understood.", "Send JSON with Content-Type: application/json."),
        int status => Problem.WriteAsync(context, status, ErrorCode.Unknown, "The request was refused.", "Correct the request."),
    };

    private static partial class Log
    {
        [LoggerMessage(5001, LogLevel.Error, "{Method} {Path} failed unexpectedly")]
        public static partial void Unexpected(ILogger logger, Exception exception, string method, PathString path);

        [LoggerMessage(5002, LogLevel.Warning, "{Method} {Path} failed with {Code}: {Message}")]
        public static partial void Failed(ILogger logger, string method, PathString path, int code, string message);
    }
}
