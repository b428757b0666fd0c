using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using VProtect.Abstractions;

namespace VProtect.Appliance.Cli.Client.Connection;

/// <summary>
/// Decides whether a server is the one that is meant. With a pinned fingerprint only that certificate will do; without one, this machine's
/// authorities must vouch for it. There is no third way: a certificate is never taken unseen.
/// </summary>
/// <param name="pinned">SHA-256 of the certificate, hexadecimal; null for none.</param>
internal sealed class CertificateTrust(string? pinned)
{
    private const string Prefix = "SHA256:";
    private const int Digits = 64;

    /// <summary>What the server last showed; null before the first connection.</summary>
    public string? Seen { get; private set; }

    /// <summary>Whether it was refused.</summary>
    public bool IsRefused { get; private set; }

    public bool Accepts(X509Certificate? certificate, SslPolicyErrors errors)
    {
        if (certificate is not null)
        {
            Seen = FingerprintOf(certificate);
        }

        bool accepts = pinned is null ? errors == SslPolicyErrors.None : Seen == pinned;
        IsRefused = !accepts;
        return accepts;
    }

    /// <summary>What a refusal is told as.</summary>
    public VProtectException Refusal(string server) => pinned is null
        ? new VProtectException(
            ErrorCode.ServerUntrusted, ErrorSide.Request, $"Nobody vouches for the certificate of {server}: {Text(Seen)}.",
            "Compare it with what 'vprotect serve' prints at the server, then 'vprotect login' with --fingerprint, or confirm it there.")
        : new VProtectException(
            ErrorCode.ServerUntrusted, ErrorSide.Request, $"{server} shows another certificate than the one that was trusted: {Text(Seen)}, not {Text(pinned)}.",
            "If the server's certificate was replaced, log in again with --fingerprint; if not, somebody else answers in its place.");

    /// <summary>SHA-256 of the certificate, hexadecimal.</summary>
    public static string FingerprintOf(X509Certificate certificate) => Convert.ToHexStringLower(SHA256.HashData(certificate.GetRawCertData()));

    /// <summary>As the server and OpenSSL show it: pairs of digits with colons between.</summary>
    public static string Text(string? fingerprint) =>
        fingerprint is null ? "none" : string.Join(':', fingerprint.ToUpperInvariant().Chunk(2).Select(pair => new string(pair)));

    /// <summary>Reads it as it is shown, or as the digits alone; <c>SHA256:</c> may stand before them.</summary>
    public static string Parse(string typed)
    {
        string digits = (typed.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase) ? typed[Prefix.Length..] : typed)
            .Replace(":", "", StringComparison.Ordinal).Trim().ToLowerInvariant();
        return digits.Length == Digits && digits.All(char.IsAsciiHexDigitLower)
            ? digits
            : throw Invocation.BadArgument($"'{typed}' is no fingerprint.", $"Give the {Digits} digits that 'vprotect serve' prints at the server, with or without colons.");
    }
}
