using VProtect.Abstractions;
using VProtect.Mover.Store.Backends.Memory;

namespace VProtect.Mover.Tests.Store.Backends.Memory;

public sealed class MemoryStoreTests : ObjectStoreConformance
{
    protected override IObjectStore Open() => new MemoryStore();
}
