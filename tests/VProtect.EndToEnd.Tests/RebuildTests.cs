using System.Text.Json;

namespace VProtect.EndToEnd.Tests;

/// <summary>The repository and its key are enough.</summary>
public sealed class RebuildTests : IDisposable
{
    private readonly Workplace _place = new();
    private readonly TestDisk _disk;

    public RebuildTests()
    {
        _disk = new TestDisk(_place["disk.raw"], 16 << 20, seed: 30);
        _place.BackUp(_disk.Path);
    }

    public void Dispose() => _place.Dispose();

    [Fact]
    public void Empty_machine_lists_verifies_restores_and_goes_on()
    {
        ForgetState();
        Assert.Single(_place.Points());
        ForgetState();
        _place.VerifyIsSound();
        ForgetState();
        Assert.Equal(_disk.Hash, _place.HashOf("latest"));
        ForgetState();
        JsonElement backup = _place.BackUp(_disk.Path);
        Assert.Equal(0, backup.GetProperty("newBytes").GetInt64());
    }

    [Fact]
    public void Index_is_rebuilt_from_the_packs()
    {
        ForgetState();
        JsonElement rebuilt = _place.Run("repo", "rebuild-index", _place.Repository).Expect(0).Json;
        Assert.Equal(_place.Packs().Count, rebuilt.GetProperty("packs").GetInt32());
        Assert.True(rebuilt.GetProperty("chunks").GetInt64() > 0);
        Assert.Empty(rebuilt.GetProperty("damaged").EnumerateArray());
        Assert.Equal(_disk.Hash, _place.HashOf("latest"));
    }

    private void ForgetState()
    {
        if (Directory.Exists(_place["state"]))
        {
            Directory.Delete(_place["state"], recursive: true);
        }
    }
}
