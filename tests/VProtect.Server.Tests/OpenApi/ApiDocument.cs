using System.Reflection;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using VProtect.Abstractions;
using VProtect.Catalog.Sql;
using VProtect.Server.Access;
using VProtect.Server.Api.Shared;

namespace VProtect.Server.Tests.OpenApi;

/// <summary>The OpenAPI 3.1 document of the endpoints that a server has, written from their metadata, their handlers' signatures and the code's comments.</summary>
internal sealed partial class ApiDocument
{
    private static readonly JsonSerializerOptions Written = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly Dictionary<string, string> QueryTexts = new(StringComparer.Ordinal)
    {
        ["extended"] = "Whether rules are whole, with schedules and destinations.",
        ["tenantid"] = "Of this tenant.",
        ["tenantId"] = "Of this tenant.",
        ["type"] = "Of this type.",
        ["shared"] = "Whether all projects may use them.",
        ["backup-to-be-restored"] = "To which this backup can be restored.",
        ["protected-entity"] = "Of this machine.",
        ["virtual-machine"] = "Of this machine.",
        ["hypervisor-manager"] = "Of this manager.",
        ["from"] = "From this time on, Unix milliseconds.",
        ["to"] = "Before this time, Unix milliseconds.",
        ["before"] = "The header X-Next-Cursor of the page before.",
        ["size"] = "How many at most.",
        ["forget"] = "Whether the catalog forgets its restore points; what is stored stays.",
        ["guid"] = "About this object.",
    };

    /// <summary>What each status means, and the codes that come with it.</summary>
    private static readonly Dictionary<int, (string Name, string Text, ErrorCode[] Codes)> Errors = new()
    {
        [400] = ("BadRequest", "A field, parameter or header is wrong; it is named.", [ErrorCode.InvalidArgument, ErrorCode.CatalogInvalid]),
        [401] = ("Unauthenticated", "There is no valid session or token.", [ErrorCode.Unauthenticated, ErrorCode.LoginRefused]),
        [403] = ("Forbidden", "The caller may not do this.", [ErrorCode.Forbidden, ErrorCode.CsrfRefused, ErrorCode.PasswordChangeRequired]),
        [404] = ("NotFound", "There is no such object.", [ErrorCode.CatalogNotFound, ErrorCode.NoSuchEndpoint]),
        [409] = ("Conflict", "It exists already, is in use, or is not in a state for this.", [ErrorCode.CatalogDuplicate, ErrorCode.CatalogInUse, ErrorCode.RestorePointHeld]),
        [412] = ("PreconditionFailed", "It was changed since the version of If-Match.", [ErrorCode.CatalogConflict]),
        [422] = ("Unprocessable", "It cannot be done here, or the idempotency key was used for another request.", [ErrorCode.NotSupported, ErrorCode.IdempotencyMismatch]),
        [429] = ("TooOften", "Too many failed attempts; Retry-After tells how long to wait.", [ErrorCode.LoginTooOften]),
        [500] = ("Failed", "It failed.", [ErrorCode.Unknown]),
        [503] = ("Unavailable", "It cannot be done now; try later.", [ErrorCode.CatalogUnavailable, ErrorCode.PlatformUnavailable]),
    };

    private readonly SchemaBook _schemas;
    private readonly XmlComments _comments;
    private readonly List<(JsonObject Holder, JsonObject Schema)> _wanted = [];

    private ApiDocument(SchemaBook schemas, XmlComments comments)
    {
        _schemas = schemas;
        _comments = comments;
    }

    /// <summary>The document as it is checked in.</summary>
    public static string Write(IServiceProvider services)
    {
        JsonSerializerOptions json = services.GetRequiredService<Microsoft.Extensions.Options.IOptions<Microsoft.AspNetCore.Http.Json.JsonOptions>>().Value.SerializerOptions;
        var comments = new XmlComments(typeof(ServerHost).Assembly, typeof(Catalog.CatalogDatabase).Assembly, typeof(ErrorCode).Assembly);
        var document = new ApiDocument(new SchemaBook(json, comments), comments);
        return document.Build(services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()).ToJsonString(Written) + "\n";
    }

    private JsonObject Build(IEnumerable<RouteEndpoint> endpoints)
    {
        var paths = new SortedDictionary<string, SortedDictionary<string, JsonObject>>(StringComparer.Ordinal);
        (RouteEndpoint Endpoint, string Verb, string Path)[] all =
        [
            .. from endpoint in endpoints
               let path = "/" + endpoint.RoutePattern.RawText!.Trim('/')
               where path.StartsWith("/api/", StringComparison.Ordinal)
               from verb in endpoint.Metadata.GetRequiredMetadata<IHttpMethodMetadata>().HttpMethods
               select (endpoint, verb.ToLowerInvariant(), Constraint().Replace(path, "{$1}")),
        ];
        HashSet<string> versioned = [.. all.Where(one => StatusesOf(one.Endpoint).Contains(412)).Select(one => one.Path)];
        foreach ((RouteEndpoint endpoint, string verb, string path) in all)
        {
            if (!paths.TryGetValue(path, out SortedDictionary<string, JsonObject>? verbs))
            {
                paths[path] = verbs = new SortedDictionary<string, JsonObject>(StringComparer.Ordinal);
            }

            verbs.Add(verb, Operation(endpoint, verb, path, versioned.Contains(path)));
        }

        JsonObject problem = _schemas.Of(typeof(Problem), isSent: false);
        var responses = new JsonObject(Errors.Values.Select(error => KeyValuePair.Create<string, JsonNode?>(error.Name, Error(error.Text, error.Codes, problem))));
        JsonObject components = _schemas.Components;
        var examples = new Examples(components);
        foreach ((JsonObject holder, JsonObject schema) in _wanted)
        {
            holder["example"] = examples.Of(schema);
        }

        string[] tags = [.. all.SelectMany(one => one.Endpoint.Metadata.GetMetadata<ITagsMetadata>()?.Tags ?? []).Distinct().Order(StringComparer.Ordinal)];
        return new JsonObject
        {
            ["openapi"] = "3.1.1",
            ["info"] = new JsonObject
            {
                ["title"] = "VProtect",
                ["version"] = "1",
                ["summary"] = "Backup of virtual machines.",
                ["description"] =
                    "Sizes are bytes, times are Unix milliseconds, times of day are milliseconds after midnight. An enumeration is an object with `name` and `description`; in " +
                    "requests the name alone is enough. A reference is an object with `guid` and `name`; in requests the guid alone is enough. In PUT requests what is missing " +
                    "or null stays as it is, and an empty text clears. Lists are arrays; with `page` and `size` they are cut, and `X-Total-Count` tells the number of all. " +
                    "Errors are problems (RFC 9457) with a stable `code`, the `message` and what to do about it.",
            },
            ["servers"] = new JsonArray(new JsonObject { ["url"] = "/" }),
            ["tags"] = new JsonArray([.. tags.Select(tag => new JsonObject { ["name"] = tag })]),
            ["paths"] = new JsonObject(paths.Select(path => KeyValuePair.Create<string, JsonNode?>(
                path.Key, new JsonObject(path.Value.Select(verb => KeyValuePair.Create<string, JsonNode?>(verb.Key, verb.Value)))))),
            ["components"] = new JsonObject
            {
                ["schemas"] = components,
                ["responses"] = responses,
                ["securitySchemes"] = new JsonObject
                {
                    ["session"] = new JsonObject
                    {
                        ["type"] = "apiKey",
                        ["in"] = "cookie",
                        ["name"] = Sessions.CookieName,
                        ["description"] = "Set by POST /api/session/login.",
                    },
                    ["csrf"] = new JsonObject
                    {
                        ["type"] = "apiKey",
                        ["in"] = "header",
                        ["name"] = AccessGate.CsrfHeader,
                        ["description"] = "What a session sends with everything that changes something: csrfToken of the login or of /api/user-info.",
                    },
                    ["token"] = new JsonObject { ["type"] = "http", ["scheme"] = "bearer", ["description"] = "A token made by POST /api/tokens." },
                },
            },
        };
    }

    private JsonObject Operation(RouteEndpoint endpoint, string verb, string path, bool isVersioned)
    {
        MethodInfo handler = endpoint.Metadata.GetRequiredMetadata<MethodInfo>();
        string? permission = endpoint.Metadata.GetMetadata<RequiredPermission>()?.Permission;
        bool isOpen = endpoint.Metadata.GetMetadata<IAllowAnonymous>() is not null;
        string who = isOpen ? "Open to everybody." : permission == Permission.Self ? "For everybody who is logged in." : $"Needs the permission `{permission}`.";
        var operation = new JsonObject
        {
            ["tags"] = SchemaBook.Strings(endpoint.Metadata.GetRequiredMetadata<ITagsMetadata>().Tags),
            ["operationId"] = OperationId(verb, path),
            ["summary"] = endpoint.Metadata.GetRequiredMetadata<IEndpointSummaryMetadata>().Summary,
            ["description"] = who,
            ["x-permission"] = permission,
            ["security"] = isOpen ? new JsonArray() : new JsonArray(
                verb == "get" ? new JsonObject { ["session"] = new JsonArray() } : new JsonObject { ["session"] = new JsonArray(), ["csrf"] = new JsonArray() },
                new JsonObject { ["token"] = new JsonArray() }),
        };
        if (isOpen)
        {
            operation.Remove("x-permission");
        }

        JsonArray parameters = Parameters(endpoint, handler, path);
        if (parameters.Count > 0)
        {
            operation["parameters"] = parameters;
        }

        if (endpoint.Metadata.GetMetadata<IAcceptsMetadata>() is { RequestType: { } sent })
        {
            JsonObject schema = _schemas.Of(sent, isSent: true);
            var media = new JsonObject { ["schema"] = schema };
            _wanted.Add((media, schema));
            operation["requestBody"] = new JsonObject { ["required"] = true, ["content"] = new JsonObject { ["application/json"] = media } };
        }

        operation["responses"] = Responses(endpoint, handler, verb, isVersioned);
        return operation;
    }

    private JsonArray Parameters(RouteEndpoint endpoint, MethodInfo handler, string path)
    {
        var parameters = new JsonArray();
        foreach (string name in endpoint.RoutePattern.Parameters.Select(parameter => parameter.Name))
        {
            Type type = handler.GetParameters().FirstOrDefault(parameter => parameter.Name == name)?.ParameterType ?? typeof(string);
            parameters.Add(Parameter(name, "path", isRequired: true, SchemaBook.OfQuery(type), "Identity of the object."));
        }

        foreach ((string name, Type type, string? text) in Queries(handler).Where(query => !path.Contains($"{{{query.Name}}}", StringComparison.Ordinal)))
        {
            parameters.Add(Parameter(name, "query", isRequired: false, SchemaBook.OfQuery(type), QueryTexts.GetValueOrDefault(name) ?? text ?? $"Of this {name.Replace('-', ' ')}."));
        }

        if (StatusesOf(endpoint).Contains(412))
        {
            parameters.Add(Parameter(
                "If-Match", "header", isRequired: false, new JsonObject { ["type"] = "string", ["examples"] = new JsonArray("\"3\"") },
                "The ETag of the object as it was read; the change is refused when it is not the object's any more."));
        }

        if (endpoint.Metadata.GetMetadata<TakesIdempotencyKey>() is not null)
        {
            parameters.Add(Parameter(
                IdempotentRequest.Header, "header", isRequired: false, new JsonObject { ["type"] = "string", ["maxLength"] = 200, ["examples"] = new JsonArray("nightly-2026-11-26") },
                "A request that is repeated with the same key gets the first one's answer and does nothing."));
        }

        return parameters;
    }

    private IEnumerable<(string Name, Type Type, string? Text)> Queries(MethodInfo handler)
    {
        foreach (ParameterInfo parameter in handler.GetParameters())
        {
            if (parameter.GetCustomAttribute<AsParametersAttribute>() is not null)
            {
                foreach (ParameterInfo part in parameter.ParameterType.GetConstructors().OrderByDescending(made => made.GetParameters().Length).First().GetParameters())
                {
                    yield return (QueryName(part), part.ParameterType, _comments.OfProperty(parameter.ParameterType, part.Name!));
                }
            }
            else if (IsQuery(parameter))
            {
                yield return (QueryName(parameter), parameter.ParameterType, null);
            }
        }
    }

    private static string QueryName(ParameterInfo parameter) =>
        parameter.GetCustomAttribute<FromQueryAttribute>()?.Name ?? char.ToLowerInvariant(parameter.Name![0]) + parameter.Name[1..];

    private static bool IsQuery(ParameterInfo parameter)
    {
        Type type = Nullable.GetUnderlyingType(parameter.ParameterType) ?? parameter.ParameterType;
        return type == typeof(string) || type == typeof(Guid) || type == typeof(bool) || type == typeof(int) || type == typeof(long) || type.IsArray
            || (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(QueryValue<>));
    }

    private static JsonObject Parameter(string name, string place, bool isRequired, JsonObject schema, string text)
    {
        var parameter = new JsonObject { ["name"] = name, ["in"] = place, ["description"] = text };
        if (isRequired)
        {
            parameter["required"] = true;
        }

        parameter["schema"] = schema;
        return parameter;
    }

    private JsonObject Responses(RouteEndpoint endpoint, MethodInfo handler, string verb, bool isVersioned)
    {
        var responses = new JsonObject();
        bool isList = handler.GetParameters().Any(parameter => parameter.ParameterType == typeof(ListParameters));
        foreach (IProducesResponseTypeMetadata answer in endpoint.Metadata.OfType<IProducesResponseTypeMetadata>().GroupBy(one => one.StatusCode).Select(group => group.Last()).OrderBy(one => one.StatusCode))
        {
            string status = answer.StatusCode.ToString(System.Globalization.CultureInfo.InvariantCulture);
            responses[status] = answer.StatusCode >= 400
                ? new JsonObject { ["$ref"] = $"#/components/responses/{Errors[answer.StatusCode].Name}" }
                : Success(answer, isList, isVersioned && verb != "delete");
        }

        return responses;
    }

    private JsonObject Success(IProducesResponseTypeMetadata answer, bool isList, bool isVersioned)
    {
        var response = new JsonObject
        {
            ["description"] = answer.StatusCode switch { 201 => "Made.", 202 => "Accepted.", 204 => "Done.", _ => "The answer." },
        };
        var headers = new JsonObject();
        if (isList)
        {
            headers["X-Total-Count"] = Header("Number of all matches.", "integer");
            headers["X-Next-Cursor"] = Header("Value of 'after' for the next page; missing on the last.", "string");
        }

        bool isOne = answer.StatusCode == 201 && !typeof(System.Collections.IEnumerable).IsAssignableFrom(answer.Type);
        if (isVersioned || isOne)
        {
            headers["ETag"] = Header("Version of the object, for If-Match.", "string");
        }

        if (isOne)
        {
            headers["Location"] = Header("Path of what was made.", "string");
        }

        if (headers.Count > 0)
        {
            response["headers"] = headers;
        }

        if (answer.Type is { } type && type != typeof(void) && answer.StatusCode != 204)
        {
            var content = new JsonObject();
            foreach (string medium in answer.ContentTypes.DefaultIfEmpty("application/json"))
            {
                JsonObject schema = medium == "application/json" ? _schemas.Of(type, isSent: false) : new JsonObject { ["type"] = "string", ["examples"] = new JsonArray(medium) };
                var media = new JsonObject { ["schema"] = schema };
                _wanted.Add((media, schema));
                content[medium] = media;
            }

            response["content"] = content;
        }

        return response;
    }

    private static JsonObject Header(string text, string type) => new() { ["description"] = text, ["schema"] = new JsonObject { ["type"] = type } };

    private JsonObject Error(string text, ErrorCode[] codes, JsonObject schema)
    {
        var examples = new JsonObject(codes.Select(code => KeyValuePair.Create<string, JsonNode?>(ApiName.Of(code), new JsonObject
        {
            ["summary"] = _comments.OfMember(typeof(ErrorCode), code.ToString()),
            ["value"] = new JsonObject
            {
                ["type"] = $"urn:vprotect:error:{(int)code}",
                ["title"] = ApiName.Of(code),
                ["status"] = Errors.First(error => error.Value.Codes.Contains(code)).Key,
                ["detail"] = "What happened. What to do about it.",
                ["code"] = (int)code,
                ["message"] = "What happened.",
                ["guidance"] = "What to do about it.",
            },
        })));
        return new JsonObject
        {
            ["description"] = text,
            ["content"] = new JsonObject { [Problem.MediaType] = new JsonObject { ["schema"] = schema.DeepClone(), ["examples"] = examples } },
        };
    }

    private static HashSet<int> StatusesOf(RouteEndpoint endpoint) => [.. endpoint.Metadata.OfType<IProducesResponseTypeMetadata>().Select(answer => answer.StatusCode)];

    /// <summary><c>get /api/policies/vm-backup/{guid}</c> is <c>getPoliciesVmBackupByGuid</c>.</summary>
    private static string OperationId(string verb, string path) => verb + string.Concat(path["/api/".Length..].Split('/', '-').Select(word =>
        word.StartsWith('{') ? "By" + Capital(word.Trim('{', '}')) : Capital(word)));

    private static string Capital(string word) => char.ToUpperInvariant(word[0]) + word[1..];

    [GeneratedRegex(@"\{(\w+)(:[^}]*)?\}")]
    private static partial Regex Constraint();
}
