using System.Diagnostics;

namespace VProtect.EndToEnd.Tests.Appliance;

/// <summary>A story of <c>appliance/ui/browser</c>, told to Debian's Chromium by Node.</summary>
internal static class UiStory
{
    /// <summary>appliance/ui, beside which nothing is copied: its packages are there.</summary>
    public static string Folder { get; } = FindFolder();

    /// <summary>Tells a story to its end; fails with what it complains of. One that is silent for long is ended.</summary>
    /// <param name="story">Its file.</param>
    /// <param name="address">Where the appliance is.</param>
    /// <param name="known">What else it knows: names without <c>VPROTECT_UI_</c>.</param>
    /// <param name="password">The first administrator's one-time password; none when they have that of <see cref="ApplianceSite"/>.</param>
    /// <param name="asked">Does what the story asks for: a line that begins with @.</param>
    public static async Task TellAsync(string story, Uri address, Dictionary<string, string> known, string password = "", Func<string, Task>? asked = null)
    {
        using IDisposable turn = await NetworkTurn.TakeAsync();
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

        using Process person = Process.Start(start)!;
        Task<string> complaints = person.StandardError.ReadToEndAsync();
        var told = new List<string>();
        try
        {
            while (await person.StandardOutput.ReadLineAsync().WaitAsync(ApplianceSite.Patience) is { } line)
            {
                told.Add(line);
                if (line.StartsWith('@') && asked is not null)
                {
                    await asked(line);
                    await person.StandardInput.WriteLineAsync("done");
                }
            }

            await person.WaitForExitAsync().WaitAsync(ApplianceSite.Patience);
        }
        catch (TimeoutException)
        {
            person.Kill(entireProcessTree: true);
            Assert.Fail($"The story stopped after:\n{string.Join('\n', told)}");
        }

        Assert.True(person.ExitCode == 0, $"{await complaints}\nafter:\n{string.Join('\n', told)}");
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
