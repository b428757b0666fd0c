using System.Text.Json;
using VProtect.Abstractions;
using VProtect.Server.Api.Shared;
using VProtect.Server.Tasks.Requests;

namespace VProtect.Server.Api.Tasks;

/// <summary>Checks of what requests for work have in common.</summary>
internal static class TaskBodyChecks
{
    private const int ManyMax = 10_000;

    /// <summary>The common part of a body, in the request that is made of it.</summary>
    public static TRequest With<TRequest>(this TRequest request, TaskBody body)
        where TRequest : TaskRequest
    {
        Between("priority", body.Priority, 0, 100);
        Between("retryCount", body.RetryCount, 0, 100);
        if (body.WindowEnd <= body.WindowStart)
        {
            throw new InvalidFieldException("windowEnd", "It is not after the window's start.", "Send a later time.");
        }

        return (TRequest)(request with { Priority = body.Priority, WindowStart = body.WindowStart, WindowEnd = body.WindowEnd, RetryCount = body.RetryCount });
    }

    /// <summary>The object that a field must name.</summary>
    public static Guid Required(this NameAndGuid? reference, string field) =>
        reference?.Guid ?? throw new InvalidFieldException(field, "It is missing.", """Send {"guid": "..."}.""");

    /// <summary>The objects that a field must name.</summary>
    public static IReadOnlyList<Guid> Required(this IReadOnlyList<NameAndGuid>? references, string field) => references switch
    {
        null or [] => throw new InvalidFieldException(field, "It is missing or empty.", """Send at least one {"guid": "..."}."""),
        { Count: > ManyMax } => throw new InvalidFieldException(field, "There are too many.", $"Send at most {ManyMax} at once."),
        _ => [.. references.Select(reference => reference.Guid)],
    };

    /// <summary>Refuses a number out of bounds; null is fine.</summary>
    public static void Between(string field, long? value, long min, long max)
    {
        if (value < min || value > max)
        {
            throw new InvalidFieldException(field, "It is out of bounds.", $"Send a number from {min} to {max}.");
        }
    }

    /// <summary>The name in an enumeration that arrives in any of the forms that clients send: text, or an object with the name.</summary>
    public static string? NameOf(JsonElement? element) => element switch
    {
        { ValueKind: JsonValueKind.String } text => text.GetString(),
        { ValueKind: JsonValueKind.Object } value when value.TryGetProperty("name", out JsonElement name) => NameOf(name),
        { ValueKind: JsonValueKind.Object } value when value.TryGetProperty("state", out JsonElement state) => NameOf(state),
        _ => null,
    };

    /// <summary>What the API knows and this version does not do.</summary>
    public static VProtectException NotServed(string what, string instead) => new(ErrorCode.NotSupported, ErrorSide.Request, $"{what} is not served.", instead);
}
