using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http.HttpResults;
using VProtect.Catalog;
using VProtect.Server.Access;
using VProtect.Server.Access.Ldap;
using VProtect.Server.Api.Shared;

namespace VProtect.Server.Api.UserDirectories;

/// <summary>The directory (LDAP) in which users are looked up who are not known here.</summary>
/// <param name="Active">Whether it is asked at all.</param>
/// <param name="Url"><c>ldaps://host[:636]</c>, or <c>ldap://host[:389]</c>, which is made TLS by StartTLS before anything is said.</param>
/// <param name="Authorities">Certificates (PEM) of authorities that vouch for it; empty for those of the appliance's operating system.</param>
/// <param name="BindDn">As whom users are searched.</param>
/// <param name="HasPassword">Whether its password is known.</param>
/// <param name="UserBase">Below which users are.</param>
/// <param name="UserClass">Class that users have; empty for any.</param>
/// <param name="LoginAttribute">Attribute that is the login: <c>uid</c>, or <c>sAMAccountName</c>.</param>
/// <param name="GroupBase">Below which groups are. Groups here whose externalId is the name of one there have its members, from their next login.</param>
/// <param name="MemberAttribute">Attribute of groups that names their members by their distinguished names.</param>
internal sealed record DirectoryView(
    bool Active, string Url, string Authorities, string BindDn, bool HasPassword, string UserBase, string UserClass, string LoginAttribute, string GroupBase, string MemberAttribute);

/// <summary>The directory as clients write it; what is missing stays.</summary>
/// <param name="Active">Whether it is asked at all.</param>
/// <param name="Url"><c>ldaps://host[:636]</c>, or <c>ldap://host[:389]</c>.</param>
/// <param name="Authorities">Certificates (PEM) of authorities that vouch for it.</param>
/// <param name="BindDn">As whom users are searched.</param>
/// <param name="Password">Its password; write only, and needed again with another address.</param>
/// <param name="UserBase">Below which users are.</param>
/// <param name="UserClass">Class that users have.</param>
/// <param name="LoginAttribute">Attribute that is the login.</param>
/// <param name="GroupBase">Below which groups are.</param>
/// <param name="MemberAttribute">Attribute of groups that names their members.</param>
internal sealed record DirectoryRequest(
    bool? Active, string? Url, string? Authorities, string? BindDn, string? Password, string? UserBase, string? UserClass, string? LoginAttribute, string? GroupBase,
    string? MemberAttribute);

/// <summary>What a try of the directory found.</summary>
/// <param name="Works">Whether it was reached, is trusted and knows the service user.</param>
/// <param name="Finding">What is amiss; null when nothing is.</param>
internal sealed record DirectoryCheck(bool Works, string? Finding);

/// <summary>Settings of the directory.</summary>
internal static partial class DirectoryApi
{
    private const int TextMax = 1000;
    private const int PemMax = 100_000;

    public static void Map(IEndpointRouteBuilder api)
    {
        RouteGroupBuilder directory = api.MapGroup("/directory").WithTags("users");
        directory.MapGet("", GetAsync).Describe("Gets the settings of the directory (LDAP) that knows users.", Permission.SettingsRead);
        directory.MapPut("", UpdateAsync).Describe("Changes the settings of the directory; they hold from the next login.", Permission.SettingsWrite, 400, 412);
        directory.MapPost("/check", CheckAsync).Describe("Tries whether the directory is reached, trusted, and knows the service user.", Permission.SettingsWrite);
    }

    private static async Task<Ok<DirectoryView>> GetAsync(HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        (DirectorySettings settings, long version) = await UserDirectory.ReadAsync(session, cancellationToken);
        RowVersion.Tell(context, version);
        return TypedResults.Ok(ViewOf(settings));
    }

    private static async Task<Ok<DirectoryView>> UpdateAsync(
        DirectoryRequest request, HttpContext context, CatalogDatabase catalog, SecretBox box, CancellationToken cancellationToken)
    {
        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        (DirectorySettings before, _) = await UserDirectory.ReadAsync(transaction, cancellationToken);
        DirectorySettings settings = Applied(before, request, box);
        long version = await transaction.Settings.SetAsync(DirectorySettings.Key, JsonSerializer.Serialize(settings), RowVersion.Expected(context), cancellationToken);
        await AuditTrail.AppendAsync(transaction, context, "directory.update", "directory", guid: null, settings.Url, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        RowVersion.Tell(context, version);
        return TypedResults.Ok(ViewOf(settings));
    }

    private static async Task<Ok<DirectoryCheck>> CheckAsync(CatalogDatabase catalog, UserDirectory directory, CancellationToken cancellationToken)
    {
        DirectorySettings settings;
        await using (CatalogSession session = await catalog.ReadAsync(cancellationToken))
        {
            (settings, _) = await UserDirectory.ReadAsync(session, cancellationToken);
        }

        string? finding = settings.Url.Length == 0 ? "No directory is set." : await directory.CheckAsync(settings, cancellationToken);
        return TypedResults.Ok(new DirectoryCheck(finding is null, finding));
    }

    private static DirectorySettings Applied(DirectorySettings before, DirectoryRequest request, SecretBox box)
    {
        DirectorySettings settings = before with
        {
            Active = request.Active ?? before.Active,
            Url = Text("url", request.Url, before.Url),
            Authorities = Pem(request.Authorities, before.Authorities),
            BindDn = Text("bindDn", request.BindDn, before.BindDn),
            UserBase = Text("userBase", request.UserBase, before.UserBase),
            UserClass = Attribute("userClass", request.UserClass, before.UserClass, isNeeded: false),
            LoginAttribute = Attribute("loginAttribute", request.LoginAttribute, before.LoginAttribute, isNeeded: true),
            GroupBase = Text("groupBase", request.GroupBase, before.GroupBase),
            MemberAttribute = Attribute("memberAttribute", request.MemberAttribute, before.MemberAttribute, isNeeded: true),
        };
        if (settings.Url.Length > 0 && !(Uri.TryCreate(settings.Url, UriKind.Absolute, out Uri? url) && url.Scheme is "ldap" or "ldaps" && url.Host.Length > 0 && url.PathAndQuery is "" or "/" && url.UserInfo.Length == 0))
        {
            throw new InvalidFieldException("url", "It is no address of a directory.", "Write it as ldaps://ldap.example.org or ldap://ldap.example.org:389.");
        }

        if (request.Password is { } password)
        {
            settings = settings with { SealedPassword = box.Seal(Encoding.UTF8.GetBytes(password.Length <= TextMax ? password : throw TooLong("password")), DirectorySettings.Key) };
        }
        else if (settings.Url != before.Url && before.SealedPassword is not null)
        {
            throw new InvalidFieldException("password", "The stored password belongs to another address.", "Send it again, so that it is shown to nobody else.");
        }

        if (settings.Active && (settings.Url.Length == 0 || settings.BindDn.Length == 0 || settings.UserBase.Length == 0 || settings.SealedPassword is null))
        {
            throw new InvalidFieldException("active", "The directory cannot be asked yet.", "Send url, bindDn, password and userBase.");
        }

        return settings;
    }

    private static string Text(string field, string? sent, string before) =>
        sent is null ? before : sent.Length <= TextMax && !sent.Any(char.IsControl) ? sent.Trim() : throw TooLong(field);

    private static string Attribute(string field, string? sent, string before, bool isNeeded) => sent switch
    {
        null => before,
        "" when !isNeeded => "",
        _ => AttributePattern().IsMatch(sent) ? sent : throw new InvalidFieldException(field, "It is no name of LDAP.", "Use letters, digits and dashes, as in sAMAccountName."),
    };

    private static string Pem(string? sent, string before)
    {
        if (string.IsNullOrWhiteSpace(sent))
        {
            return sent is null ? before : "";
        }

        try
        {
            return sent.Length <= PemMax && UserDirectory.AuthoritiesOf(new DirectorySettings { Authorities = sent }).Count > 0 ? sent : throw new CryptographicException();
        }
        catch (CryptographicException)
        {
            throw new InvalidFieldException("authorities", "They are no certificates.", "Send certificates as PEM, one after the other.");
        }
    }

    private static InvalidFieldException TooLong(string field) => new(field, "It is too long or holds control characters.", $"Use at most {TextMax} printable characters.");

    private static DirectoryView ViewOf(DirectorySettings settings) => new(
        settings.Active, settings.Url, settings.Authorities, settings.BindDn, settings.SealedPassword is not null, settings.UserBase, settings.UserClass, settings.LoginAttribute,
        settings.GroupBase, settings.MemberAttribute);

    [GeneratedRegex("^[A-Za-z][A-Za-z0-9-]{0,99}$")]
    private static partial Regex AttributePattern();
}
