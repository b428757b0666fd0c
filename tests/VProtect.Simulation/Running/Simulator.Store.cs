using VProtect.Abstractions;

namespace VProtect.Simulation.Running;

/// <summary>What the store answers, true or, for a test of the tests, not.</summary>
internal sealed partial class Simulator
{
    public bool Put(SimulatedProcess process, string key, byte[] content)
    {
        bool vanishes = Options.Lie switch
        {
            StoreLie.LeasesVanish => Is(key, "leases/"),
            StoreLie.PacksVanish => Is(key, "packs/") && _random.Next(8) == 0,
            StoreLie.PointsVanish => Is(key, "points/") && _random.Next(2) == 0,
            _ => false,
        };
        return vanishes || Table.TryCreate(key, content);
    }

    public byte[]? Find(SimulatedProcess process, string key)
    {
        bool isUnseen = Options.Lie switch
        {
            StoreLie.LeasesUnseen => Is(key, "leases/") && process.Blocks is null && _random.Next(2) == 0,
            StoreLie.PointsUnseen => Is(key, "points/") && process.Blocks is null && !_isCalm && _random.Next(2) == 0,
            _ => false,
        };
        return isUnseen ? null : Table.Find(key);
    }

    /// <summary>A listing lags as far as it may, or less, or not at all. Keys of encryption are listed as they are.</summary>
    public List<ObjectInfo> List(string prefix)
    {
        int lag = _isCalm || Is(prefix, "keys/") || _random.Next(2) == 0 ? 0 : _random.Next(1, ObjectTable.LagMax + 1);
        return Table.List(prefix, lag, _random);
    }

    private static bool Is(string key, string prefix) => key.StartsWith(prefix, StringComparison.Ordinal);
}
