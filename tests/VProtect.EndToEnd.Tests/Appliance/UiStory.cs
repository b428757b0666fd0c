using System.Diagnostics;

namespace VProtect.EndToEnd.Tests.Appliance;

/// <summary>A story of <c>appliance/ui/browser</c>, told to Debian's Chromium by Node.</summary>
internal static class UiStory
{
    /// <summary>appliance/ui, beside which nothing is copied: its packages are there.</summary>
    public static string Folder { get; } = FindFolder();

    /// <summary>Starts a story; its caller hears it and ends it.</summary>
    /// <param name="story">Its file.</param>
    /// <param name="address">Where the appliance is.</param>
    /// <param name="password">The first administrator's one-time password.</param>
    /// <param name="known">What else it knows: names without <c>VPROTECT_UI_</c>.</param>
    public static Process Start(string story, Uri address, string password, Dictionary<string, string> known)
    {
        var start = new ProcessStartInfo("node", [Path.Join(Folder, "browser", story)])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["VPROTECT_UI_ADDRESS"] = address.ToString(), ["VPROTECT_UI_PASSWORD"] = password },
        };
        foreach ((string name, string value) in known)
        {
            start.Environment["VPROTECT_UI_" + name] = value;
        }

        return Process.Start(start)!;
    }

    /// <summary>Tells a story to an appliance whose administrator has the password of <see cref="ApplianceSite"/>; as below.</summary>
    public static async Task TellAsync(string story, Uri address, Dictionary<string, string> known, Func<string, Task>? asked = null)
    {
        using Process told = Start(story, address, password: "", known);
        await EndAsync(told, asked ?? (_ => Task.CompletedTask));
    }

    /// <summary>Hears a story to its end; fails with what it complains of. One that is silent for long is ended.</summary>
    /// <param name="story">Started above.</param>
    /// <param name="asked">Does what the story asks for: a line that begins with @.</param>
    public static async Task EndAsync(Process story, Func<string, Task> asked)
    {
        Task<string> complaints = story.StandardError.ReadToEndAsync();
        var told = new List<string>();
        try
        {
            while (await story.StandardOutput.ReadLineAsync().WaitAsync(ApplianceSite.Patience) is { } line)
            {
                told.Add(line);
                if (line.StartsWith('@'))
                {
                    await asked(line);
                    await story.StandardInput.WriteLineAsync("done");
                }
            }

            await story.WaitForExitAsync().WaitAsync(ApplianceSite.Patience);
        }
        catch (TimeoutException)
        {
            story.Kill(entireProcessTree: true);
            Assert.Fail($"The story stopped after:\n{string.Join('\n', told)}");
        }

        Assert.True(story.ExitCode == 0, $"{await complaints}\nafter:\n{string.Join('\n', told)}");
    }

    private static string FindFolder()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Join(folder, "VProtect.sln")))
        {
            folder = Path.GetDirectoryName(folder);
        }

        return Path.Join(folder, "appliance", "ui");
    }
}
