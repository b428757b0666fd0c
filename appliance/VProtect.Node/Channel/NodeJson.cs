using System.Text.Json.Serialization;
using VProtect.Abstractions.Nodes;

namespace VProtect.Node.Channel;

/// <summary>What the node writes as JSON: kept outcomes and its own checkpoints. Members are only ever added.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(TaskOutcome))]
[JsonSerializable(typeof(BackupResult))]
internal sealed partial class NodeJson : JsonSerializerContext;
