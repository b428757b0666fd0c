using VProtect.Abstractions;
using VProtect.Connectors.Contract;

namespace VProtect.Testing.FakePlatform;

/// <summary>
/// A platform over a directory (<see cref="FakeDatacenter"/>): real bytes from files, real leftovers when its user is killed, faults to order.
/// Several processes may use one directory at once.
/// <para>
/// Settings: <c>endpoint</c> = <c>source</c> (default: the platform's own kind, knows changed blocks) or <c>file</c> (raw files, knows none);
/// <c>without</c> = names of <see cref="ConnectorCapabilities"/> that it shall not have, separated by commas.
/// </para>
/// </summary>
public sealed class FakePlatform : IConnectorFactory
{
    /// <summary>What the catalog and the API call it.</summary>
    public const string Name = "FAKE";

    public string Platform => Name;

    /// <summary>Set by a test of a machine that lacks something.</summary>
    public string? Missing { get; set; }

    public IConnector Open(ConnectorEndpoint endpoint)
    {
        if (!Path.IsPathFullyQualified(endpoint.Address))
        {
            throw Invalid("address", "is not an absolute path");
        }

        string kind = endpoint.Settings.GetValueOrDefault("endpoint", "source");
        if (kind is not ("source" or "file"))
        {
            throw Invalid("endpoint", "is neither 'source' nor 'file'");
        }

        string[] without = endpoint.Settings.GetValueOrDefault("without", "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return new FakeConnector(new FakeDatacenter(endpoint.Address), endpoint, servesFiles: kind == "file", without);
    }

    private static VProtectException Invalid(string field, string what) =>
        new(ErrorCode.InvalidArgument, ErrorSide.Platform, $"{field}: {what}.", "Write it as FakePlatform tells.");
}
