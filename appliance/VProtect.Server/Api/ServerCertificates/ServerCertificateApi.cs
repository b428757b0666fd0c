using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Http.HttpResults;
using VProtect.Catalog;
using VProtect.Server.Access;
using VProtect.Server.Api.Shared;
using VProtect.Server.Hosting;

namespace VProtect.Server.Api.ServerCertificates;

/// <summary>The certificate that the server shows: look at it, replace it, make a new one. New connections use it at once.</summary>
internal static class ServerCertificateApi
{
    private const string Kind = "server-certificate";
    private const int PemMax = 256 << 10;

    public static void Map(IEndpointRouteBuilder api)
    {
        RouteGroupBuilder certificate = api.MapGroup("/server-certificate").WithTags("settings");
        certificate.MapGet("", Get).Describe("Tells which certificate the server shows.", Permission.SettingsRead);
        certificate.MapPut("", ReplaceAsync).Describe("Replaces the server's certificate and key.", Permission.SettingsWrite, 400);
        certificate.MapPost("/renew", RenewAsync).Describe("Makes a new certificate of the appliance's own.", Permission.SettingsWrite);
    }

    private static Ok<ServerCertificateView> Get(ServerCertificate certificate) => TypedResults.Ok(ServerCertificateView.Of(certificate.Current));

    private static Task<Ok<ServerCertificateView>> ReplaceAsync(
        ServerCertificateRequest request, HttpContext context, ServerCertificate certificate, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        string pem = InvalidFieldException.RequireText("certificate", request.Certificate, PemMax);
        string key = InvalidFieldException.RequireText("privateKey", request.PrivateKey, PemMax);
        return ChangeAsync("server-certificate.replace", () => certificate.Replace(pem, key), context, certificate, catalog, cancellationToken);
    }

    private static Task<Ok<ServerCertificateView>> RenewAsync(
        HttpContext context, ServerCertificate certificate, CatalogDatabase catalog, CancellationToken cancellationToken) =>
        ChangeAsync("server-certificate.renew", certificate.Renew, context, certificate, catalog, cancellationToken);

    private static async Task<Ok<ServerCertificateView>> ChangeAsync(
        string action, Action change, HttpContext context, ServerCertificate certificate, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        change();
        var view = ServerCertificateView.Of(certificate.Current);
        await AuditTrail.AppendAsync(transaction, context, action, Kind, guid: null, view.Subject, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return TypedResults.Ok(view);
    }
}

/// <summary>A certificate to use.</summary>
/// <param name="Certificate">PEM: the server's certificate first, then its issuers.</param>
/// <param name="PrivateKey">PEM of its private key, not encrypted. Never answered.</param>
internal sealed record ServerCertificateRequest(string? Certificate, string? PrivateKey);

/// <summary>A certificate as people compare it.</summary>
/// <param name="Subject">Whom it names.</param>
/// <param name="Issuer">Who vouches for it.</param>
/// <param name="NotBefore">Valid from.</param>
/// <param name="NotAfter">Valid until.</param>
/// <param name="Fingerprint">SHA-256 of the certificate, in pairs of hexadecimal digits with colons.</param>
/// <param name="SelfSigned">Whether nobody else vouches for it: clients must be told its fingerprint.</param>
internal sealed record ServerCertificateView(
    string Subject, string Issuer, DateTimeOffset NotBefore, DateTimeOffset NotAfter, string Fingerprint, bool SelfSigned)
{
    public static ServerCertificateView Of(X509Certificate2 certificate) => new(
        certificate.Subject,
        certificate.Issuer,
        certificate.NotBefore.ToUniversalTime(),
        certificate.NotAfter.ToUniversalTime(),
        string.Join(':', SHA256.HashData(certificate.RawData).Select(value => value.ToString("X2", null))),
        certificate.Subject == certificate.Issuer);
}
