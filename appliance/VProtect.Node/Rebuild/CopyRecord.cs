using System.Text.Json.Serialization;

namespace VProtect.Node.Rebuild;

/// <summary>The document <c>appliance.json</c> of a copy. Members are only ever added.</summary>
/// <param name="Version">Of this document, 1.</param>
/// <param name="Appliance">Identity.</param>
/// <param name="Life">Which life of it.</param>
/// <param name="Name">For people.</param>
/// <param name="Software">Version of the program that made the copy.</param>
internal sealed record CopyRecord(int Version, Guid Appliance, long Life, string Name, string Software);

/// <summary>The same as JSON.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(CopyRecord))]
internal sealed partial class CopyJson : JsonSerializerContext;
