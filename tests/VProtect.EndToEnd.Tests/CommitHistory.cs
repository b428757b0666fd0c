
namespace VProtect.EndToEnd.Tests;

/// <summary>
/// What the program said it has done, against which a repository is checked after a disaster. What it began and did not
/// answer for may have happened or not, but never in part. Safe from several threads.
/// </summary>
internal sealed class CommitHistory
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, string> _committed = [];
    private readonly HashSet<string> _forgetBegun = [];
    private readonly HashSet<string> _forgotten = [];
    private readonly Dictionary<string, HashSet<string>> _attempted = [];

    /// <summary>Restore points that are to be there.</summary>
    public int Count => _committed.Count;

    /// <summary>A backup of a machine begins.</summary>
    public void Attempted(string machine, string hash)
    {
        lock (_lock)
        {
            _attempted.TryAdd(machine, []);
            _attempted[machine].Add(hash);
        }
    }

    public void Committed(string point, string hash)
    {
        lock (_lock)
        {
            _committed.Add(point, hash);
        }
    }

    /// <summary>A point to forget, which from now on may be gone; null while there are few.</summary>
    public string? TryForget(Random random, int keep)
    {
        lock (_lock)
        {
            string[] points = [.. _committed.Keys.Except(_forgetBegun)];
            if (points.Length <= keep)
            {
                return null;
            }

            string point = points[random.Next(points.Length)];
            _forgetBegun.Add(point);
            return point;
        }
    }

    public void Forgotten(string point)
    {
        lock (_lock)
        {
            _forgotten.Add(point);
        }
    }

    /// <summary>Compares the list of restore points; from now on what is listed is to be there.</summary>
    /// <returns>Points that exist and whose backup did not live to say so.</returns>
    public int Check(Workplace place, string trace)
    {
        Dictionary<string, string> listed = place.Run("list").Expect(0).Json.GetProperty("restorePoints").EnumerateArray()
            .ToDictionary(point => point.GetProperty("id").GetString()!, point => point.GetProperty("machine").GetString()!);
        foreach (string point in _committed.Keys)
        {
            Assert.True(listed.ContainsKey(point) || _forgetBegun.Contains(point), $"{trace}: {point} was committed and is gone");
            Assert.False(listed.ContainsKey(point) && _forgotten.Contains(point), $"{trace}: {point} was forgotten and is back");
        }

        string[] unannounced = [.. listed.Keys.Except(_committed.Keys)];
        foreach (string point in unannounced)
        {
            string hash = place.HashOf(point);
            Assert.True(_attempted[listed[point]].Contains(hash), $"{trace}: {point} is what no backup saw");
            _committed.Add(point, hash);
        }

        foreach (string gone in _committed.Keys.Except(listed.Keys).ToList())
        {
            _committed.Remove(gone);
        }

        _forgetBegun.Clear();
        _forgotten.Clear();
        _attempted.Clear();
        return unannounced.Length;
    }

    /// <summary>Restores some of the points and compares.</summary>
    public void CheckBytes(Workplace place, Random random, int count, string trace)
    {
        string[] points = [.. _committed.Keys];
        random.Shuffle(points);
        foreach (string point in points.Take(count))
        {
            Assert.True(_committed[point] == place.HashOf(point), $"{trace}: {point} differs");
        }
    }
}
