using VProtect.Abstractions;

namespace VProtect.Mover.Tests.Store.Backends.S3;

[Collection(S3Collection.Name)]
public sealed class S3StoreTests(S3Fixture s3) : ObjectStoreConformance
{
    protected override IObjectStore Open() => S3Fixture.Open(s3.Gateway.NewLocation());
}
