using Microsoft.Extensions.Logging.Console;
using VProtect.Abstractions;
using VProtect.Server.Api.Settings;

namespace VProtect.Server.Hosting;

/// <summary>The process of a node without a server in it: the same directory, log and notifications as a server's, and nothing that listens.</summary>
public static class NodeHost
{
    /// <summary>Builds it; the caller adds what runs, runs and disposes it.</summary>
    /// <param name="dataPath">Directory of identity, state and log; made when missing.</param>
    /// <param name="stopTimeout">How long a stop waits.</param>
    /// <param name="add">Adds what runs.</param>
    /// <exception cref="VProtectException">The directory cannot be used, or is a server's.</exception>
    public static IHost Build(string dataPath, TimeSpan stopTimeout, Action<IServiceCollection> add)
    {
        DataDirectory data = DataDirectory.Open(dataPath);
        if (File.Exists(data.Catalog))
        {
            throw new VProtectException(
                ErrorCode.OptionInvalid, ErrorSide.Request, $"--data: '{dataPath}' is the directory of a server, which has a node of its own.", "Name another directory for a node.");
        }

        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Logging.AddConsole();
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning);
        builder.Logging.AddFilter<ConsoleLoggerProvider>(category: null, LogLevel.Warning);

        // A node alone has no settings of its own: the defaults hold.
        var settings = new GlobalSettings();
        builder.Logging.AddProvider(new FileLog(data.Logs, TimeProvider.System, () => settings));
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddHostedService<SystemdNotifications>();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = stopTimeout);
        add(builder.Services);
        return builder.Build();
    }
}
