using System.Text.Json.Nodes;

namespace VProtect.Server.Tests.OpenApi;

/// <summary>Makes an example of a schema: the same each time, and plausible where a member's name tells what it is.</summary>
internal sealed class Examples(JsonObject components)
{
    private static readonly Dictionary<string, string> Texts = new(StringComparer.OrdinalIgnoreCase)
    {
        ["name"] = "web-1",
        ["description"] = "Nightly backups of the web tier",
        ["login"] = "olga",
        ["user"] = "root",
        ["host"] = "hv1.example.org",
        ["url"] = "https://manager.example.org/api",
        ["password"] = "correct horse battery 9",
        ["secret"] = "correct horse battery 9",
        ["uuid"] = "b0a3f7c2-5d61-4e8f-a1b2-c3d4e5f60718",
        ["timeZone"] = "Europe/Warsaw",
        ["cron"] = "30 1 * * MON-FRI",
        ["nodeIP"] = "10.0.0.7",
        ["version"] = "0.1.0",
        ["email"] = "olga@example.org",
        ["fullName"] = "Olga",
        ["path"] = "/backup/main",
        ["sshHost"] = "10.0.0.21",
        ["sshUser"] = "backup",
        ["sshKeyPath"] = "/var/lib/vprotect/id_ed25519",
        ["filter"] = "web",
        ["format"] = "qcow2",
        ["deviceId"] = "vda",
        ["guestOs"] = "Debian 12",
        ["project"] = "shop",
        ["tenantId"] = "acme",
        ["message"] = "name: It is missing.",
        ["guidance"] = "Send a name.",
        ["addresses"] = "night-shift@example.org",
        ["corsOrigins"] = "https://portal.example.org",
        ["permissions"] = "inventory.read",
        ["includeTags"] = "prod",
        ["excludeTags"] = "scratch",
        ["includeRegExps"] = "web-.*",
        ["excludeRegExps"] = "test-.*",
        ["tags"] = "prod",
        ["preSnapCmdArgs"] = "/usr/local/bin/freeze",
        ["postSnapCmdArgs"] = "/usr/local/bin/thaw",
        ["product"] = "QEMU 7.2",
        ["projects"] = "shop",
        ["hash"] = "9f2b…",
        ["action"] = "policies.update",
        ["actor"] = "olga",
        ["address"] = "10.0.0.9",
        ["title"] = "INVALID_ARGUMENT",
        ["field"] = "name",
        ["token"] = "shown once",
        ["csrfToken"] = "b64url",
        ["recoveryKey"] = "shown once",
        ["dataCenterName"] = "Frankfurt",
        ["transferNicAddress"] = "10.10.0.7",
        ["label"] = "root",
        ["capabilities"] = "KVM",
        ["reason"] = "Audit of 2026",
    };

    private static readonly Dictionary<string, long> Numbers = new(StringComparer.OrdinalIgnoreCase)
    {
        ["priority"] = 50,
        ["position"] = 0,
        ["hour"] = 3_600_000,
        ["startHour"] = 0,
        ["endHour"] = 21_600_000,
        ["frequency"] = 3_600_000,
        ["startWindowLength"] = 7_200_000,
        ["sshPort"] = 22,
        ["maxTasks"] = 4,
        ["cpuCount"] = 4,
        ["memory"] = 8L << 30,
        ["retentionKeepFullNewerThan"] = 2_592_000_000,
        ["retentionKeepIncrementalNewerThan"] = 1_209_600_000,
        ["rpo"] = 86_400_000,
        ["retryDelay"] = 60_000,
        ["code"] = 2001,
        ["status"] = 400,
        ["progress"] = 42,
        ["sessionIdleTimeout"] = 1_800_000,
        ["sessionAbsoluteTimeout"] = 43_200_000,
    };

    /// <summary>An example of a schema.</summary>
    /// <param name="schema">The schema.</param>
    /// <param name="name">Name of the member that has it.</param>
    public JsonNode? Of(JsonObject schema, string name = "") => Of(schema, name, depth: 0);

    private JsonNode? Of(JsonObject schema, string name, int depth)
    {
        if (schema["$ref"] is { } reference)
        {
            return Of(components[reference.GetValue<string>().Split('/')[^1]]!.AsObject(), name, depth + 1);
        }

        if (schema["examples"] is JsonArray examples)
        {
            return examples[0]!.DeepClone();
        }

        if (schema["anyOf"] is JsonArray some)
        {
            return Of(some[0]!.AsObject(), name, depth);
        }

        if (schema["enum"] is JsonArray members)
        {
            return members[0]!.DeepClone();
        }

        return (schema["type"] is JsonArray types ? types[0] : schema["type"])?.GetValue<string>() switch
        {
            "string" => Texts.GetValueOrDefault(name, "text"),
            "boolean" => true,
            "integer" => Numbers.GetValueOrDefault(name, name.EndsWith("ize", StringComparison.Ordinal) || name.EndsWith("pace", StringComparison.Ordinal) ? 40L << 30 : 3),
            "number" => 0.5,
            "array" => depth > 8 ? new JsonArray() : new JsonArray(Of(schema["items"]!.AsObject(), name, depth + 1)),
            "object" when schema["additionalProperties"] is JsonObject each => new JsonObject { ["name"] = Of(each, name, depth + 1) },
            "object" => depth > 8
                ? new JsonObject()
                : new JsonObject(schema["properties"]!.AsObject().Select(pair => KeyValuePair.Create(pair.Key, Of(pair.Value!.AsObject(), Asked(pair.Key, schema), depth + 1)))),
            _ => null,
        };
    }

    // A member 'description' of an enumeration is its name for people, not prose.
    private static string Asked(string key, JsonObject owner) =>
        key == "description" && owner["properties"]!["name"]?["enum"] is not null ? "value" : key;
}
