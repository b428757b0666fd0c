using VProtect.Server.Policies.Retention;

namespace VProtect.Server.Policies;

/// <summary>A destination of a rule that was found valid. Immutable.</summary>
/// <param name="DestinationGuid">Destination.</param>
/// <param name="Lock">For how long restore points may not be removed; zero not at all.</param>
/// <param name="Retention">What is kept there.</param>
internal sealed record RuleTarget(Guid DestinationGuid, TimeSpan Lock, RetentionSettings Retention);
