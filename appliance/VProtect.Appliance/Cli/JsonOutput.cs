using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using VProtect.Appliance.Cli.Client.Contexts;

namespace VProtect.Appliance.Cli;

/// <summary>The one JSON document that <c>--json</c> answers with: camelCase, bytes as integers, times as RFC 3339.</summary>
internal static class JsonOutput
{
    public static void Write<T>(Terminal terminal, T document) => Write(terminal.Out, document);

    public static void Write<T>(TextWriter writer, T document) =>
        writer.WriteLine(JsonSerializer.Serialize(document, typeof(T), CliJson.Relaxed));
}

/// <summary>Serializers made at build time: reflection would cost a tenth of a second at start.</summary>
[JsonSerializable(typeof(ErrorDocument))]
[JsonSerializable(typeof(InitDocument))]
[JsonSerializable(typeof(BackupDocument))]
[JsonSerializable(typeof(ListDocument))]
[JsonSerializable(typeof(RecoverDocument))]
[JsonSerializable(typeof(RestoreDocument))]
[JsonSerializable(typeof(MountDocument))]
[JsonSerializable(typeof(ForgetDocument))]
[JsonSerializable(typeof(HoldDocument))]
[JsonSerializable(typeof(InfoDocument))]
[JsonSerializable(typeof(RebuildIndexDocument))]
[JsonSerializable(typeof(RestorePointDocument))]
[JsonSerializable(typeof(DiffDocument))]
[JsonSerializable(typeof(VerifyDocument))]
[JsonSerializable(typeof(CheckDocument))]
[JsonSerializable(typeof(CollectDocument))]
[JsonSerializable(typeof(KeyListDocument))]
[JsonSerializable(typeof(KeyDocument))]
[JsonSerializable(typeof(ContextDocument))]
internal sealed partial class CliJson : JsonSerializerContext
{
    /// <summary>Paths and labels stay readable: this is no HTML.</summary>
    public static CliJson Relaxed { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
