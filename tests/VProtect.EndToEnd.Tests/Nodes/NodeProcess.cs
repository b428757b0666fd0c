using VProtect.EndToEnd.Tests.Appliance;

namespace VProtect.EndToEnd.Tests.Nodes;

/// <summary>A node as a process of its own, in a network of its own.</summary>
internal sealed class NodeProcess(ApplianceSite site, string name) : IDisposable
{
    private VprotectProcess? _process;

    public NodeNetwork Network { get; } = new();

    public string Name => name;

    public string Data => site[$"node-{name}"];

    /// <summary>Its directory for temporary files, which no other test writes to.</summary>
    public string Temporary => site[$"tmp-{name}"];

    /// <summary>Guid, once it has joined.</summary>
    public string Guid { get; private set; } = "";

    /// <summary>Is added at the server and joins it, as an administrator does it.</summary>
    public async Task JoinAsync(string nodeConfig)
    {
        System.Text.Json.JsonElement added = await site.Client.PostAsync("/api/nodes", new { name, nodeConfig = new { guid = nodeConfig } });
        Guid = added.GetProperty("guid").GetString()!;
        string port = added.GetProperty("server").GetString()!.Split(':')[^1];
        using var join = new VprotectProcess(
            [.. Network.Enter, ApplianceProcess.Binary, "node", "join", "--at", $"{Network.ServerAddress}:{port}", "--token-file", "-", "--data", Data],
            new Dictionary<string, string>(), System.Text.Encoding.ASCII.GetBytes(added.GetProperty("token").GetString()!));
        join.Wait().Expect(0);
    }

    public void Start() => _process = new VprotectProcess(
        [.. Network.Enter, ApplianceProcess.Binary, "serve", "--role", "node", "--data", Data], Environment());

    /// <summary>Of its process, which it has while it runs.</summary>
    public int Id => _process!.Id;

    /// <summary>Ends it as an administrator does.</summary>
    /// <returns>What it said on its console.</returns>
    public string Stop()
    {
        _process!.Signal(VprotectProcess.SigInt);
        Answer answer = _process.Wait();
        Kill();
        return answer.Text + answer.Error;
    }

    public void Kill()
    {
        _process?.Dispose();
        _process = null;
    }

    /// <summary>A node has no key of a bucket but those that come with its orders; a test beside this one may have told the whole process one.</summary>
    private Dictionary<string, string> Environment()
    {
        Directory.CreateDirectory(Temporary);
        return new() { ["AWS_ACCESS_KEY_ID"] = "", ["AWS_SECRET_ACCESS_KEY"] = "", ["TMPDIR"] = Temporary };
    }

    /// <summary>State as the server sees it.</summary>
    public async Task<string> StateAsync() => (await site.Client.GetAsync($"/api/nodes/{Guid}")).GetProperty("state").GetProperty("name").GetString()!;

    public void Dispose()
    {
        Kill();
        Network.Dispose();
    }
}
