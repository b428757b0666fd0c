using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using VProtect.Catalog.Sql;
using VProtect.Server.Api.Shared;

namespace VProtect.Server.Tests.OpenApi;

/// <summary>
/// Schemas of what is sent and answered, as the serializer has it. An object is a component of its own: once as it is answered, where every member is
/// there, and once as it is sent, where a client may leave out what it likes.
/// </summary>
internal sealed class SchemaBook(JsonSerializerOptions json, XmlComments comments)
{
    private readonly SortedDictionary<string, JsonObject> _components = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Type> _owners = new(StringComparer.Ordinal);

    public JsonObject Components => new(_components.Select(pair => KeyValuePair.Create<string, JsonNode?>(pair.Key, pair.Value)));

    /// <summary>The schema of a type; a reference when it is a component.</summary>
    /// <param name="type">The type.</param>
    /// <param name="isSent">Whether clients send it.</param>
    public JsonObject Of(Type type, bool isSent)
    {
        if (Nullable.GetUnderlyingType(type) is { } inner)
        {
            return OrNull(Of(inner, isSent));
        }

        if (Plain(type) is { } plain)
        {
            return plain;
        }

        if (type.IsEnum)
        {
            string[] names = [.. Enum.GetValues(type).Cast<object>().Select(NameOf)];
            JsonObject reference = Component(type.Name, type, () => Enumeration(type, names));
            return isSent ? AnyOf(reference, new JsonObject { ["type"] = "string", ["enum"] = Strings(names) }) : reference;
        }

        if (type == typeof(NameAndGuid) || type == typeof(NamedValue))
        {
            JsonObject reference = Component(type.Name, type, () => Shared(type));
            JsonObject brief = type == typeof(NameAndGuid) ? Plain(typeof(Guid))! : Plain(typeof(string))!;
            return isSent ? AnyOf(reference, brief) : reference;
        }

        JsonTypeInfo info = json.GetTypeInfo(type);
        return info.Kind switch
        {
            JsonTypeInfoKind.Enumerable => new JsonObject { ["type"] = "array", ["items"] = Of(info.ElementType!, isSent) },
            JsonTypeInfoKind.Dictionary => new JsonObject { ["type"] = "object", ["additionalProperties"] = Of(info.ElementType!, isSent) },
            JsonTypeInfoKind.Object => Component(ComponentName(type, isSent), type, () => Object(info, isSent)),
            _ => throw new NotSupportedException($"{type} has a converter that has no schema here."),
        };
    }

    /// <summary>The schema of a query parameter.</summary>
    public static JsonObject OfQuery(Type type)
    {
        Type bare = Nullable.GetUnderlyingType(type) ?? type;
        return bare.IsGenericType && bare.GetGenericTypeDefinition() == typeof(QueryValue<>)
            ? new JsonObject { ["type"] = "string", ["enum"] = Strings([.. Enum.GetValues(bare.GetGenericArguments()[0]).Cast<object>().Select(NameOf)]) }
            : bare.IsArray
                ? new JsonObject { ["type"] = "array", ["items"] = OfQuery(bare.GetElementType()!) }
                : Plain(bare) ?? new JsonObject { ["type"] = "string" };
    }

    public static JsonArray Strings(IEnumerable<string> texts) => [.. texts.Select(text => JsonValue.Create(text))];

    private static JsonObject? Plain(Type type) => type switch
    {
        _ when type == typeof(string) => new JsonObject { ["type"] = "string" },
        _ when type == typeof(bool) => new JsonObject { ["type"] = "boolean" },
        _ when type == typeof(int) => new JsonObject { ["type"] = "integer", ["format"] = "int32" },
        _ when type == typeof(long) => new JsonObject { ["type"] = "integer", ["format"] = "int64" },
        _ when type == typeof(double) => new JsonObject { ["type"] = "number", ["format"] = "double" },
        _ when type == typeof(Guid) => new JsonObject { ["type"] = "string", ["format"] = "uuid", ["examples"] = new JsonArray("0199d2c4-7a10-7c3e-9b52-1d3f5e7a9c11") },
        _ when type == typeof(DateTimeOffset) => new JsonObject
        {
            ["type"] = "integer",
            ["format"] = "int64",
            ["description"] = "Unix milliseconds.",
            ["examples"] = new JsonArray(1_790_000_000_000),
        },
        _ when type == typeof(JsonElement) => new JsonObject { ["description"] = "Any JSON.", ["examples"] = new JsonArray("value") },
        _ => null,
    };

    private static string NameOf(object member) =>
        (string)typeof(ApiName).GetMethod(nameof(ApiName.Of))!.MakeGenericMethod(member.GetType()).Invoke(obj: null, [member])!;

    private static string ComponentName(Type type, bool isSent)
    {
        string name = type.Name.EndsWith("View", StringComparison.Ordinal) ? type.Name[..^4] : type.Name;
        bool saysSo = name.EndsWith("Request", StringComparison.Ordinal) || name.EndsWith("Body", StringComparison.Ordinal);
        return isSent && !saysSo ? name + "Request" : name;
    }

    private static JsonObject AnyOf(params JsonObject[] schemas) => new() { ["anyOf"] = new JsonArray([.. schemas]) };

    private static JsonObject OrNull(JsonObject schema)
    {
        if (schema["type"] is JsonValue type)
        {
            schema["type"] = new JsonArray(type.GetValue<string>(), "null");
            return schema;
        }

        if (schema["anyOf"] is JsonArray some)
        {
            some.Add(new JsonObject { ["type"] = "null" });
            return schema;
        }

        return AnyOf(schema, new JsonObject { ["type"] = "null" });
    }

    private JsonObject Enumeration(Type type, string[] names) => new()
    {
        ["type"] = "object",
        ["description"] = comments.OfType(type) ?? type.Name,
        ["properties"] = new JsonObject
        {
            ["name"] = new JsonObject
            {
                ["type"] = "string",
                ["enum"] = Strings(names),
                ["description"] = string.Join(' ', Enum.GetValues(type).Cast<object>().Select(member => $"{NameOf(member)}: {comments.OfMember(type, member.ToString()!) ?? NameOf(member)}")),
            },
            ["description"] = new JsonObject { ["type"] = "string", ["description"] = "For people; not looked at in requests." },
        },
        ["required"] = Strings(["name"]),
    };

    private JsonObject Shared(Type type)
    {
        string key = type == typeof(NameAndGuid) ? "guid" : "name";
        JsonObject other = type == typeof(NameAndGuid)
            ? new JsonObject { ["name"] = OrNull(Plain(typeof(string))!) }
            : new JsonObject { ["description"] = Plain(typeof(string))! };
        var properties = new JsonObject { [key] = type == typeof(NameAndGuid) ? Plain(typeof(Guid)) : Plain(typeof(string)) };
        foreach ((string name, JsonNode? schema) in other.ToList())
        {
            properties[name] = schema!.DeepClone();
        }

        return new JsonObject { ["type"] = "object", ["description"] = comments.OfType(type), ["properties"] = properties, ["required"] = Strings([key]) };
    }

    private JsonObject Object(JsonTypeInfo info, bool isSent)
    {
        var properties = new JsonObject();
        List<string> required = [];
        foreach (JsonPropertyInfo property in info.Properties)
        {
            string clr = property.AttributeProvider is System.Reflection.MemberInfo member ? member.Name : property.Name;
            bool isNullable = !property.PropertyType.IsValueType && (isSent ? property.IsSetNullable || property.IsGetNullable : property.IsGetNullable);
            JsonObject schema = Of(property.PropertyType, isSent);
            if (isNullable)
            {
                schema = OrNull(schema);
            }

            string? said = comments.OfProperty((property.AttributeProvider as System.Reflection.MemberInfo)?.DeclaringType ?? info.Type, clr);
            if (said is not null)
            {
                // The unit of a time stays beside what it is.
                schema["description"] = schema["description"] is { } unit ? $"{said} {unit}" : said;
            }

            properties[property.Name] = schema;
            // A problem is written without the members that it does not have.
            if (!isSent && !(isNullable && info.Type == typeof(Problem)))
            {
                required.Add(property.Name);
            }
        }

        var result = new JsonObject { ["type"] = "object", ["description"] = comments.OfType(info.Type) ?? info.Type.Name, ["properties"] = properties };
        if (required.Count > 0)
        {
            result["required"] = Strings(required);
        }

        return result;
    }

    private JsonObject Component(string name, Type type, Func<JsonObject> make)
    {
        if (_owners.TryGetValue(name, out Type? owner))
        {
            if (owner != type)
            {
                throw new InvalidOperationException($"{owner} and {type} are both called {name} in the document.");
            }
        }
        else
        {
            _owners[name] = type;
            _components[name] = [];
            _components[name] = make();
        }

        return new JsonObject { ["$ref"] = $"#/components/schemas/{name}" };
    }
}
