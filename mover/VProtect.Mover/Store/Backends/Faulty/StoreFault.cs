using VProtect.Abstractions;

namespace VProtect.Mover.Store.Backends.Faulty;

/// <summary>What goes wrong at one call.</summary>
internal sealed record StoreFault
{
    /// <summary>The error that the caller sees.</summary>
    internal required ErrorCode Code { get; init; }

    /// <summary>Whether the call takes effect before it fails: an answer that was lost on its way.</summary>
    internal bool TakesEffect { get; init; }

    internal VProtectException ToException(StoreOperation operation, string key) => new(
        Code, ErrorSide.Repository, $"Injected {Code} at {operation} of '{key}'.", "None: this is a test.", RetryAdvice.Later);
}
