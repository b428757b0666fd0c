using System.ComponentModel;
using System.Diagnostics;
using VProtect.Abstractions;

namespace VProtect.Mover.Tests.Posix;

public sealed class ProgramsTests
{
    [Fact]
    public void Program_in_the_current_directory_or_beside_ours_is_none_of_the_machine()
    {
        string name = $"program-{Guid.NewGuid():N}";
        string[] paths = [.. new[] { Environment.CurrentDirectory, AppContext.BaseDirectory }.Select(directory => Path.Join(directory, name)).Distinct()];
        try
        {
            foreach (string path in paths)
            {
                File.WriteAllText(path, "#!/bin/sh\nexit 7\n");
                Tool.Run("chmod", "500", path);
            }

            Assert.Null(Programs.Find(name));
            Assert.Throws<Win32Exception>(() => Programs.Start(new ProcessStartInfo(name)));
            using Process started = Programs.Start(new ProcessStartInfo(paths[0]));
            started.WaitForExit();
            Assert.Equal(7, started.ExitCode);
        }
        finally
        {
            Array.ForEach(paths, File.Delete);
        }
    }

    [Fact]
    public void Program_of_the_machine_is_found_by_its_name()
    {
        string? found = Programs.Find("test");
        Assert.True(Path.IsPathRooted(found) && Path.GetFileName(found) == "test", found);
        using Process started = Programs.Start(new ProcessStartInfo("test", ["-e", "/"]));
        started.WaitForExit();
        Assert.Equal(0, started.ExitCode);
    }
}
