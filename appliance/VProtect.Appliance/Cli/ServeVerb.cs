using System.CommandLine;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Hosting;
using VProtect.Abstractions;
using VProtect.Appliance.Cli.Client.Connection;
using VProtect.Connectors.Contract;
using VProtect.Server;

namespace VProtect.Appliance.Cli;

/// <summary><c>vprotect serve</c></summary>
internal static class ServeVerb
{
    private const string DefaultData = "/var/lib/vprotect";

    public static Verb New(CommonOptions common, Terminal terminal, IReadOnlyList<IConnectorFactory> platforms)
    {
        var data = new Option<string>("--data")
        {
            Description = $"Directory of catalog, keys and logs; made when missing. Otherwise {DefaultData}.",
            HelpName = "DIR",
            DefaultValueFactory = _ => DefaultData,
        };
        var urls = new Option<string[]>("--urls")
        {
            Description = "Where to listen: https://*:8181, or https:// with an IP address. May be given several times.",
            HelpName = "URL",
            DefaultValueFactory = _ => ["https://*:8181"],
        };
        return new Verb("serve", "Runs the server in the foreground until it is interrupted.") { data, urls }
            .WithExamples(
                ("vprotect serve --data ./data", "tells the first administrator's password at first start"),
                ("vprotect serve --urls https://192.0.2.10:443", "at one address only"))
            .Doing(common, terminal, (invocation, cancellationToken) => RunAsync(
                invocation, invocation.Parsed.GetRequiredValue(data), invocation.Parsed.GetRequiredValue(urls), cancellationToken));
    }

    private static async Task<int> RunAsync(Invocation invocation, string data, string[] urls, CancellationToken cancellationToken)
    {
        TextWriter console = invocation.Terminal.Error;
        var options = new ServerOptions
        {
            DataPath = data,
            Urls = urls,
            FirstPassword = password =>
            {
                console.WriteLine($"first login:  admin   one-time password:  {password}");
                console.WriteLine("              It is shown only now, and must be changed at the first login.");
            },
        };
        await using WebApplication app = await ServerHost.BuildAsync(options, cancellationToken);
        try
        {
            await app.StartAsync(cancellationToken);
        }
        catch (IOException exception)
        {
            throw new VProtectException(
                ErrorCode.OptionInvalid, ErrorSide.Request, $"--urls: the server cannot listen: {exception.Message}",
                "Stop the program that listens there, or choose another port.", RetryAdvice.Never, exception);
        }

        foreach (string url in app.Urls)
        {
            console.WriteLine($"listening at  {url.Replace("[::]", System.Net.Dns.GetHostName(), StringComparison.Ordinal)}");
        }

        using (X509Certificate2 certificate = X509CertificateLoader.LoadCertificateFromFile(Path.Join(data, "tls", "server.crt")))
        {
            console.WriteLine($"certificate   {CertificateTrust.Text(CertificateTrust.FingerprintOf(certificate))}");
        }

        console.WriteLine($"log           {Path.Join(Path.GetFullPath(data), "logs", "vprotect.log")}");
        await app.WaitForShutdownAsync(cancellationToken);
        return ExitCodes.Success;
    }
}
