using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using VProtect.Abstractions;
using VProtect.Catalog;
using VProtect.Catalog.Destinations;
using VProtect.Catalog.Inventory;
using VProtect.Catalog.Nodes;
using VProtect.Catalog.Sql;
using VProtect.Server.Access;
using VProtect.Server.Api.Shared;
using VProtect.Server.Tasks;
using VProtect.Server.Validation;

namespace VProtect.Server.Api.Destinations;

/// <summary>Destinations from requests into rows.</summary>
internal static class DestinationWriting
{
    /// <summary>Type of a destination that is a directory.</summary>
    public const string FileSystem = "FILESYSTEM";

    /// <summary>Type of a destination that is in a bucket of an S3-compatible service.</summary>
    public const string ObjectService = "S3";

    private const int PassphraseBytes = 32;
    private const int PassphraseLengthMin = 8;
    private const int PassphraseLengthMax = 1024;
    private const int ProjectsMax = 1000;
    private const int PathLengthMax = 1000;

    /// <summary>A new destination, with its pass phrase sealed.</summary>
    public static Destination New(DestinationRequest request, SecretBox box)
    {
        string type = InvalidFieldException.RequireText("type", request.Type?.Name ?? (PathIn(request.Settings) is { } place && S3Place.Is(place) ? ObjectService : FileSystem), lengthMax: 50).ToUpperInvariant();
        if (type is not (FileSystem or ObjectService))
        {
            throw new VProtectException(
                ErrorCode.NotSupported, ErrorSide.Request, $"Destinations of type {type} are not served.", $"Choose {FileSystem}: a directory that nodes can reach, or {ObjectService}: a bucket.");
        }

        var destination = new Destination
        {
            Name = "",
            Type = type,
            Settings = JsonSerializer.Serialize(new Dictionary<string, string> { ["path"] = PathOf(request.Settings, type) }),
            VisibleForAll = true,
        };
        if (request.Encrypted == false)
        {
            return request.Passphrase is null
                ? Applied(destination, request)
                : throw new InvalidFieldException("passphrase", "A repository without encryption has none.", "Leave it out, or leave 'encrypted' out.");
        }

        string passphrase = request.Passphrase ?? Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(PassphraseBytes));
        if (passphrase.Length is < PassphraseLengthMin or > PassphraseLengthMax)
        {
            throw new InvalidFieldException("passphrase", "It has not the right length.", $"Send {PassphraseLengthMin} to {PassphraseLengthMax} characters, or leave it out.");
        }

        byte[] key = box.Seal(Encoding.UTF8.GetBytes(passphrase), References.PurposeOfDestination(destination.Guid));
        return Applied(destination with { SealedKey = key }, request);
    }

    /// <summary>A destination with what was sent; its place stays.</summary>
    /// <exception cref="InvalidFieldException">Something is refused.</exception>
    public static Destination Changed(Destination before, DestinationRequest request)
    {
        if (request.Type is { } type && !string.Equals(type.Name, before.Type, StringComparison.OrdinalIgnoreCase))
        {
            throw new InvalidFieldException("type", "It cannot be changed.", "Make a new destination.");
        }

        if (request.Settings is not null && PathOf(request.Settings, before.Type) != PathOf(JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(before.Settings), before.Type))
        {
            throw new InvalidFieldException("settings", "The place cannot be changed.", "Delete the destination with forget=true and attach the repository where it lies now.");
        }

        if (request.Passphrase is not null)
        {
            throw new InvalidFieldException("passphrase", "It cannot be changed here.", "Leave it out.");
        }

        return Applied(before, request);
    }

    /// <summary>The settings of nodes that a request names; null when it names none.</summary>
    public static async Task<IReadOnlyList<Guid>?> NodeConfigsAsync(CatalogSession session, DestinationRequest request, CancellationToken cancellationToken)
    {
        if (request.NodeConfigs is null)
        {
            return null;
        }

        var problems = new FieldProblems();
        Guid[] guids = [.. request.NodeConfigs.Select(config => config.Guid).Distinct()];
        await Reference.FindAllAsync<NodeConfig>(session.NodeConfigs, guids, i => $"nodeConfigs[{i}]", problems, cancellationToken);
        problems.ThrowIfAny();
        return guids;
    }

    /// <summary>The destination with the credential that a request names; as it is when it names none.</summary>
    /// <exception cref="InvalidFieldException">There is no such credential, it does not fit, or the destination is no bucket.</exception>
    /// <exception cref="VProtectException"><see cref="ErrorCode.Forbidden"/>.</exception>
    public static async Task<Destination> WithCredentialAsync(
        CatalogSession session, Destination before, DestinationRequest request, Caller caller, CancellationToken cancellationToken)
    {
        Guid? wanted = request.Credential is { } named ? named.Guid == Guid.Empty ? null : named.Guid : before.CredentialGuid;
        if (wanted == before.CredentialGuid)
        {
            return before;
        }

        // Nodes show the service what is made of the secret: who may choose both could try out any that somebody else keeps here.
        caller.RequireToHave([Permission.InventoryCredentials]);
        if (wanted is null)
        {
            return before with { CredentialGuid = null };
        }

        if (before.Type != ObjectService)
        {
            throw new InvalidFieldException("credential", "A directory has none.", "Leave it out, or send a bucket as settings.path: s3://bucket/prefix.");
        }

        Credential credential = (await Reference.FindAsync(session.Credentials, request.Credential, "credential", cancellationToken))!;
        return References.UnfitForBucket(credential) is { } unfit
            ? throw new InvalidFieldException("credential", unfit, References.BucketKeyRule)
            : before with { CredentialGuid = wanted };
    }

    /// <summary>Takes the mark of the default destination from the others.</summary>
    public static async Task KeepOneDefaultAsync(CatalogTransaction transaction, Destination destination, CancellationToken cancellationToken)
    {
        if (destination.IsDefault)
        {
            ListPage<Destination> all = await transaction.Destinations.ListAsync(new ListQuery { Size = ListQuery.SizeMax }, cancellationToken);
            foreach (Destination other in all.Rows.Where(other => other.IsDefault && other.Guid != destination.Guid))
            {
                await transaction.Destinations.UpdateAsync(other with { IsDefault = false }, cancellationToken);
            }
        }
    }

    private static Destination Applied(Destination before, DestinationRequest request)
    {
        if (request.Reserve is < 0)
        {
            throw new InvalidFieldException("reserve", "It is negative.", "Send bytes, or 0 for the default.");
        }

        IReadOnlyList<string> projects = request.Projects ?? before.Projects;
        if (projects.Count > ProjectsMax || projects.Any(project => string.IsNullOrEmpty(project) || project.Length > 255))
        {
            throw new InvalidFieldException("projects", "There are too many, or one is no name.", $"Send at most {ProjectsMax} names.");
        }

        return before with
        {
            Name = TextField.Name("name", before.Name, request.Name),
            Description = TextField.Applied("description", before.Description, request.Description),
            IsDefault = request.DefaultBackupDestination ?? before.IsDefault,
            VisibleForAll = request.VisibleForAllVms ?? before.VisibleForAll,
            Projects = projects,
            ReserveBytes = request.Reserve ?? before.ReserveBytes,
        };
    }

    private static string? PathIn(IReadOnlyDictionary<string, JsonElement>? settings) =>
        settings is not null && settings.TryGetValue("path", out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static string PathOf(IReadOnlyDictionary<string, JsonElement>? settings, string type)
    {
        string? path = PathIn(settings);
        if (type == ObjectService && path is { Length: <= PathLengthMax } && S3Place.Is(path))
        {
            try
            {
                S3Place.Parse(path);
                return path;
            }
            catch (VProtectException wrong)
            {
                throw new InvalidFieldException("settings.path", wrong.Message, wrong.Guidance);
            }
        }

        return type == FileSystem && path is { Length: > 1 and <= PathLengthMax } && path[0] == '/' && !path.Contains('\0', StringComparison.Ordinal) && Path.GetFullPath(path).TrimEnd('/') == path.TrimEnd('/')
            ? path.TrimEnd('/')
            : throw new InvalidFieldException(
                "settings.path", type == FileSystem ? "It is missing or no absolute directory." : "It is missing or no bucket.",
                type == FileSystem ? "Send a path such as /backup/main, without '..'." : "Send s3://bucket/prefix?endpoint=https://host:port&region=name.");
    }
}
