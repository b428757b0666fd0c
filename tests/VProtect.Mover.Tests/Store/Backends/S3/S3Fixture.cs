using VProtect.Abstractions;
using VProtect.Mover.Store.Backends.S3;

namespace VProtect.Mover.Tests.Store.Backends.S3;

/// <summary>One gateway for all tests of object storage.</summary>
[CollectionDefinition(Name)]
public sealed class S3Collection : ICollectionFixture<S3Fixture>
{
    public const string Name = "S3";
}

/// <summary>A running gateway.</summary>
public sealed class S3Fixture : IAsyncLifetime
{
    public S3Gateway Gateway { get; } = new();

    internal static S3Credentials Credentials { get; } = new(S3Gateway.AccessKey, S3Gateway.SecretKey);

    public Task InitializeAsync() => Gateway.StartAsync();

    public Task DisposeAsync()
    {
        Gateway.Dispose();
        return Task.CompletedTask;
    }

    internal static S3Store Open(string location, S3Options? options = null, S3Credentials? credentials = null) =>
        new(S3Place.Parse(location), credentials ?? Credentials, options ?? new S3Options(), TimeProvider.System);
}
