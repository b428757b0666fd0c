using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.Extensions.Logging.Console;
using VProtect.Catalog;
using VProtect.Server.Access;
using VProtect.Server.Api;
using VProtect.Server.Api.Docs;
using VProtect.Server.Api.Settings;
using VProtect.Server.Api.Shared;
using VProtect.Server.Federation;
using VProtect.Server.Hosting;
using VProtect.Server.Monitoring;
using VProtect.Server.Monitoring.Telemetry;
using VProtect.Server.Tasks;

namespace VProtect.Server;

/// <summary>Puts the server together.</summary>
public static class ServerHost
{
    /// <summary>Bodies are small documents; 4 MiB holds a list of every machine.</summary>
    private const long RequestBytesMax = 4 << 20;

    private const int JsonDepthMax = 32;

    /// <summary>Headers are small; who takes longer holds a connection for its own sake. Bodies must come at 240 bytes a second, as Kestrel has it.</summary>
    private static readonly TimeSpan RequestHeadersMax = TimeSpan.FromSeconds(5);

    /// <summary>Opens the catalog, makes what a first start needs, and builds the server; the caller runs and disposes it.</summary>
    /// <param name="options">How it is started.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="Abstractions.VProtectException">An option is wrong, or the catalog cannot be opened.</exception>
    public static Task<WebApplication> BuildAsync(ServerOptions options, CancellationToken cancellationToken) =>
        BuildAsync(options, adapt: null, cancellationToken);

    /// <summary>As above; <paramref name="adapt"/> may change the builder last: to add what runs beside the server, as tests do too.</summary>
    public static async Task<WebApplication> BuildAsync(ServerOptions options, Action<WebApplicationBuilder>? adapt, CancellationToken cancellationToken)
    {
        List<ListenAddress> addresses = [.. options.Urls.Select(ListenAddress.Parse)];
        DataDirectory data = DataDirectory.Open(options.DataPath);
        CatalogDatabase catalog = await CatalogDatabase.OpenAsync(new CatalogOptions { Path = data.Catalog }, options.Time, cancellationToken);
        try
        {
            await BuiltInRoles.EnsureAsync(catalog, cancellationToken);
            if (await FirstAdministrator.MakeAsync(catalog, options.Time, cancellationToken) is { } password)
            {
                options.FirstPassword(password);
            }

            WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
            AddServices(builder, options, addresses, data, catalog);
            builder.Services.AddTasks(await LocalNode.BeginAsync(catalog, options.Time, cancellationToken));
            adapt?.Invoke(builder);
            WebApplication app = builder.Build();
            await app.Services.GetRequiredService<LiveSettings>().ReloadAsync(catalog, cancellationToken);
            await app.Services.GetRequiredService<KeyRotation>().FinishAsync(cancellationToken);
            Use(app);
            return app;
        }
        catch
        {
            await catalog.DisposeAsync();
            throw;
        }
    }

    private static void AddServices(WebApplicationBuilder builder, ServerOptions options, List<ListenAddress> addresses, DataDirectory data, CatalogDatabase catalog)
    {
        IServiceCollection services = builder.Services;
        services.AddSingleton(options);
        services.AddSingleton(data);
        services.AddSingleton(options.Time);

        // By a factory, so that the container closes it.
        services.AddSingleton(_ => catalog);
        services.AddSingleton<ServerCertificate>();
        services.AddSingleton(_ => SecretBox.Open(data.SecretKey));
        var settings = new LiveSettings();
        services.AddSingleton(settings);
        services.AddSingleton<ApplianceCheck>();
        services.AddSingleton<SupportBundle>();
        services.AddHostedService<SystemdNotifications>();
        services.Configure<ConsoleLifetimeOptions>(console => console.SuppressStatusMessages = true);
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning);

        // The console is for whoever started it: what needs a look. Everything else, and why a start failed in all its frames, is in the log.
        builder.Logging.AddFilter<ConsoleLoggerProvider>(category: null, LogLevel.Warning);
        builder.Logging.AddFilter<ConsoleLoggerProvider>("Microsoft.Extensions.Hosting", LogLevel.None);

        // Who comes without a session is answered; a line for each would bury the rest.
        builder.Logging.AddFilter(typeof(SessionHandler).FullName, LogLevel.Warning);
        builder.Logging.AddFilter(typeof(TokenHandler).FullName, LogLevel.Warning);
        builder.Logging.AddProvider(new FileLog(data.Logs, options.Time, () => settings.Current));
        var telemetry = new TelemetryLog(options.Time);
        services.AddSingleton(telemetry);
        builder.Logging.AddProvider(telemetry);
        services.AddCors();
        services.AddSingleton<ICorsPolicyProvider, ConfiguredCors>();
        services.AddAccess();
        services.Configure<HostOptions>(host => host.ShutdownTimeout = options.StopTimeout);
        services.Configure<RouteHandlerOptions>(routes => routes.ThrowOnBadRequest = true);
        services.ConfigureHttpJsonOptions(json =>
        {
            json.SerializerOptions.MaxDepth = JsonDepthMax;
            json.SerializerOptions.DefaultIgnoreCondition = JsonIgnoreCondition.Never;
            json.SerializerOptions.Converters.Add(new EnumValueConverter());
            json.SerializerOptions.Converters.Add(new UnixTimeConverter());
        });
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = RequestBytesMax;
            kestrel.Limits.RequestHeadersTimeout = RequestHeadersMax;
            foreach (ListenAddress address in addresses)
            {
                address.Apply(kestrel, kestrel.ApplicationServices.GetRequiredService<ServerCertificate>());
            }
        });
    }

    private static void Use(WebApplication app)
    {
        app.Use(app.Services.GetRequiredService<OwnCalls>().Watch);
        app.UseMiddleware<ErrorAnswers>();
        app.Use(SecurityHeaders.AddAsync);
        app.UseRouting();
        app.UseCors();
        app.UseAuthentication();
        app.UseAuthorization();
        app.Use(AccessGate.CheckAsync);
        app.UseMiddleware<Forwarding>();
        ApiMap.Map(app);
        DocsApi.Map(app);
        UiApi.Map(app);
        HealthApi.Map(app);
        MetricsApi.Map(app);
        _ = app.Services.GetRequiredService<CatalogDatabase>();
    }
}
