using System.Text.Json.Nodes;

namespace VProtect.Server.Tests.OpenApi;

/// <summary>
/// What a client of an older document would trip over in a newer one: a path, verb or member that is gone, an answer that may be what it never was, a
/// request that is not taken any more. New paths, verbs, members and optional parameters are none.
/// </summary>
internal static class BreakingChanges
{
    public static IReadOnlyList<string> Between(JsonObject before, JsonObject after)
    {
        var found = new SortedSet<string>(StringComparer.Ordinal);
        foreach ((string path, JsonNode? verbs) in before["paths"]?.AsObject() ?? [])
        {
            if (after["paths"]![path] is not JsonObject still)
            {
                found.Add($"{path}: it is gone.");
                continue;
            }

            foreach ((string verb, JsonNode? operation) in verbs!.AsObject())
            {
                string name = $"{verb.ToUpperInvariant()} {path}";
                if (still[verb] is not JsonObject same)
                {
                    found.Add($"{name}: it is gone.");
                    continue;
                }

                Parameters(name, operation!.AsObject(), same, found);
                Bodies(name, (before, operation["requestBody"]), (after, same["requestBody"]), isSent: true, found);
                foreach ((string status, JsonNode? answer) in operation["responses"]!.AsObject().Where(pair => pair.Key[0] == '2'))
                {
                    if (same["responses"]![status] is not JsonObject answered)
                    {
                        found.Add($"{name}: status {status} is gone.");
                        continue;
                    }

                    Bodies($"{name} {status}", (before, answer), (after, answered), isSent: false, found);
                }
            }
        }

        return [.. found];
    }

    private static void Parameters(string name, JsonObject before, JsonObject after, SortedSet<string> found)
    {
        ILookup<string, JsonObject> old = Keyed(before);
        ILookup<string, JsonObject> now = Keyed(after);
        foreach (string gone in old.Select(group => group.Key).Except(now.Select(group => group.Key)))
        {
            found.Add($"{name}: parameter {gone} is gone.");
        }

        foreach (string required in now.Where(group => IsRequired(group.First()) && !(old[group.Key].FirstOrDefault() is { } known && IsRequired(known))).Select(group => group.Key))
        {
            found.Add($"{name}: parameter {required} is required now.");
        }

        static ILookup<string, JsonObject> Keyed(JsonObject operation) => (operation["parameters"]?.AsArray() ?? [])
            .Select(parameter => parameter!.AsObject()).ToLookup(parameter => $"{parameter["in"]}:{parameter["name"]}");

        static bool IsRequired(JsonObject parameter) => parameter["required"]?.GetValue<bool>() ?? false;
    }

    private static void Bodies(string name, (JsonObject Root, JsonNode? Holder) before, (JsonObject Root, JsonNode? Holder) after, bool isSent, SortedSet<string> found)
    {
        foreach ((string medium, JsonNode? body) in before.Holder?["content"]?.AsObject() ?? [])
        {
            if (after.Holder?["content"]?[medium]?["schema"] is JsonObject now)
            {
                Compare(name, (before.Root, body!["schema"]!.AsObject()), (after.Root, now), isSent, found, []);
            }
            else
            {
                found.Add($"{name}: {medium} is gone.");
            }
        }
    }

    private static void Compare(
        string at, (JsonObject Root, JsonObject Schema) before, (JsonObject Root, JsonObject Schema) after, bool isSent, SortedSet<string> found, HashSet<string> seen)
    {
        if (before.Schema["$ref"] is { } reference && !seen.Add($"{reference} {after.Schema["$ref"]}"))
        {
            return;
        }

        JsonObject[] old = Forms(before.Root, before.Schema);
        JsonObject[] now = Forms(after.Root, after.Schema);
        string[] oldTypes = [.. old.SelectMany(Types).Distinct()];
        string[] newTypes = [.. now.SelectMany(Types).Distinct()];
        if (isSent && oldTypes.Except(newTypes).FirstOrDefault() is { } refused)
        {
            found.Add($"{at}: {refused} is not taken any more.");
        }

        if (!isSent && newTypes.Except(oldTypes).FirstOrDefault() is { } surprising)
        {
            found.Add($"{at}: it may be {surprising} now.");
        }

        JsonObject? oldObject = old.FirstOrDefault(form => form["properties"] is not null);
        JsonObject? newObject = now.FirstOrDefault(form => form["properties"] is not null);
        if (oldObject is not null && newObject is not null)
        {
            foreach ((string member, JsonNode? schema) in oldObject["properties"]!.AsObject())
            {
                if (newObject["properties"]![member] is JsonObject still)
                {
                    Compare($"{at}.{member}", (before.Root, schema!.AsObject()), (after.Root, still), isSent, found, seen);
                }
                else
                {
                    found.Add($"{at}.{member}: it is gone.");
                }
            }

            foreach (string required in isSent ? Strings(newObject["required"]).Except(Strings(oldObject["required"])) : [])
            {
                found.Add($"{at}.{required}: it is required now.");
            }
        }

        if (old.FirstOrDefault(form => form["items"] is not null) is { } oldList && now.FirstOrDefault(form => form["items"] is not null) is { } newList)
        {
            Compare($"{at}[]", (before.Root, oldList["items"]!.AsObject()), (after.Root, newList["items"]!.AsObject()), isSent, found, seen);
        }

        string[] members = [.. now.SelectMany(form => Strings(form["enum"]))];
        if (isSent && members.Length > 0 && old.SelectMany(form => Strings(form["enum"])).Except(members).FirstOrDefault() is { } unknown)
        {
            found.Add($"{at}: {unknown} is not taken any more.");
        }
    }

    /// <summary>The alternatives that a schema allows, with references followed.</summary>
    private static JsonObject[] Forms(JsonObject root, JsonObject schema)
    {
        if (schema["$ref"] is { } reference)
        {
            return Forms(root, root["components"]!["schemas"]![reference.GetValue<string>().Split('/')[^1]]!.AsObject());
        }

        return schema["anyOf"] is JsonArray some ? [.. some.SelectMany(form => Forms(root, form!.AsObject()))] : [schema];
    }

    private static IEnumerable<string> Types(JsonObject schema) => schema["type"] is JsonArray many ? Strings(many) : schema["type"] is { } one ? [one.GetValue<string>()] : [];

    private static IEnumerable<string> Strings(JsonNode? list) => list is JsonArray array ? array.Select(item => item!.GetValue<string>()) : [];
}
