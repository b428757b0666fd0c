using System.CommandLine;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using VProtect.Abstractions;
using VProtect.Abstractions.Nodes;
using VProtect.Appliance.Cli.Client.Connection;
using VProtect.Appliance.Serve;
using VProtect.Connectors.Contract;
using VProtect.Node.Mounts;
using VProtect.Node.Remote;
using VProtect.Server;
using VProtect.Server.Hosting;

namespace VProtect.Appliance.Cli;

/// <summary><c>vprotect serve</c></summary>
internal static class ServeVerb
{
    public const string Name = "serve";
    internal const string DefaultData = "/var/lib/vprotect";
    private const string RoleAll = "all";
    private const string RoleServer = "server";
    private const string RoleNode = "node";

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
        var role = new Option<string>("--role")
        {
            Description = $"{RoleAll}: the server, and a node beside it that moves the bytes. {RoleServer}: the server alone, for nodes elsewhere. {RoleNode}: a node that has joined a server elsewhere, alone. Otherwise {RoleAll}.",
            HelpName = "ROLE",
            DefaultValueFactory = _ => RoleAll,
        };
        return new Verb(Name, "Runs the appliance in the foreground until it is interrupted.") { data, role, urls }
            .WithExamples(
                ("vprotect serve --data ./data", "tells the first administrator's password at first start"),
                ("vprotect serve --urls https://192.0.2.10:443", "at one address only"),
                ("vprotect serve --role node", "on a machine that ran 'vprotect node join'"))
            .Doing(common, terminal, (invocation, cancellationToken) =>
            {
                string directory = invocation.Parsed.GetRequiredValue(data);
                return invocation.Parsed.GetRequiredValue(role) switch
                {
                    RoleAll => RunAsync(invocation, directory, invocation.Parsed.GetRequiredValue(urls), platforms, cancellationToken),
                    RoleServer => RunAsync(invocation, directory, invocation.Parsed.GetRequiredValue(urls), platforms: null, cancellationToken),
                    RoleNode when invocation.Parsed.GetResult(urls) is { Implicit: false } =>
                        throw Invocation.BadArgument("--urls: a node listens nowhere.", "Leave it out."),
                    RoleNode => RunNodeAsync(invocation, directory, platforms, cancellationToken),
                    string other => throw Invocation.BadArgument($"--role: there is no role '{other}'.", $"Use {RoleAll}, {RoleServer} or {RoleNode}."),
                };
            });
    }

    private static async Task<int> RunNodeAsync(Invocation invocation, string data, IReadOnlyList<IConnectorFactory> platforms, CancellationToken cancellationToken)
    {
        NodeIdentity identity = NodeIdentity.Open(data);
        using IHost host = NodeHost.Build(data, ServeTimes.Server, services =>
        {
            services.AddSingleton(platforms);
            services.AddHostedService(provider => ActivatorUtilities.CreateInstance<RemoteNodeService>(provider, data, identity));
        });
        invocation.Terminal.Error.WriteLine($"node          {identity.Name} of the server at {identity.Server}");
        invocation.Terminal.Error.WriteLine($"log           {Path.Join(Path.GetFullPath(data), "logs", "vprotect.log")}");
        await host.RunAsync(cancellationToken);
        return ExitCodes.Success;
    }

    /// <param name="invocation">Of whom.</param>
    /// <param name="data">Directory of everything.</param>
    /// <param name="urls">Where to listen.</param>
    /// <param name="platforms">What the node can connect to; null for no node.</param>
    /// <param name="cancellationToken">Ends it.</param>
    private static async Task<int> RunAsync(
        Invocation invocation, string data, string[] urls, IReadOnlyList<IConnectorFactory>? platforms, CancellationToken cancellationToken)
    {
        RecoverVerb.RequireNotCutOff(data);
        TextWriter console = invocation.Terminal.Error;
        var options = new ServerOptions
        {
            DataPath = data,
            Urls = urls,
            StopTimeout = ServeTimes.Server,
            FirstPassword = password =>
            {
                console.WriteLine($"first login:  admin   one-time password:  {password}");
                console.WriteLine("              It is shown only now, and must be changed at the first login.");
            },
        };
        await using WebApplication app = await ServerHost.BuildAsync(options, builder => AddNode(builder, data, platforms), cancellationToken);
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

    private static void AddNode(WebApplicationBuilder builder, string data, IReadOnlyList<IConnectorFactory>? platforms)
    {
        builder.Services.AddSingleton<IServerMembership>(services => new ServerMembership(
            Path.Join(Path.GetFullPath(data), "membership"), services.GetRequiredService<ILoggerFactory>(), services.GetRequiredService<TimeProvider>()));
        if (platforms is not null)
        {
            builder.Services.AddSingleton(platforms);
            builder.Services.AddSingleton<MountedFiles>();
            builder.Services.AddSingleton<INodeFiles>(services => services.GetRequiredService<MountedFiles>());
            builder.Services.AddHostedService<LocalNodeService>();
        }
    }
}
