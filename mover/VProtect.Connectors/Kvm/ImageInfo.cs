using System.Text.Json;
using VProtect.Connectors.Kvm.Hosts;

namespace VProtect.Connectors.Kvm;

/// <summary>What <c>qemu-img info</c> tells of an image.</summary>
internal static class ImageInfo
{
    /// <summary>Bitmaps by name, and whether each is whole: one that says in-use was not closed, and what it holds is not to be trusted.</summary>
    internal static IReadOnlyDictionary<string, bool> ReadBitmaps(string json)
    {
        var bitmaps = new Dictionary<string, bool>(StringComparer.Ordinal);
        using JsonDocument document = JsonDocument.Parse(json);
        if (document.RootElement.TryGetProperty("format-specific", out JsonElement specific)
            && specific.TryGetProperty("data", out JsonElement data)
            && data.TryGetProperty("bitmaps", out JsonElement list))
        {
            foreach (JsonElement bitmap in list.EnumerateArray())
            {
                bitmaps[bitmap.GetProperty("name").GetString()!] =
                    !bitmap.GetProperty("flags").EnumerateArray().Any(flag => flag.GetString() == "in-use");
            }
        }

        return bitmaps;
    }

    /// <summary>
    /// Whether an image may draw on its backing files: every member of its chain names the format of the next, so that nothing is guessed, and lies in the directory of
    /// the first or in one of the host's pools, so that an image brought from elsewhere cannot point at other files of the host.
    /// </summary>
    /// <returns>Whether there are backing files; and why they may not be used, or null.</returns>
    internal static async Task<(bool HasBacking, string? Fault)> CheckChainAsync(
        KvmHost host, string path, string format, IEnumerable<string> directories, CancellationToken cancellationToken)
    {
        if (format == "raw")
        {
            return (false, null);
        }

        var allowed = directories.Append(Path.GetDirectoryName(path)!).ToHashSet(StringComparer.Ordinal);
        bool hasBacking = false;
        string current = path;
        string currentFormat = format;
        while (true)
        {
            // One image at a time: qemu-img is never let loose on a file that was not checked before.
            CommandResult result = await host.RunAsync(
                ["prlimit", "--as=4294967296", "--cpu=60", "--", "qemu-img", "info", "--output=json", "--force-share", "-f", currentFormat, current], cancellationToken);
            if (result.ExitCode != 0)
            {
                return (hasBacking, result.Error);
            }

            using JsonDocument document = JsonDocument.Parse(result.Text);
            if (!document.RootElement.TryGetProperty("full-backing-filename", out JsonElement backing)
                && !document.RootElement.TryGetProperty("backing-filename", out backing))
            {
                return (hasBacking, null);
            }

            hasBacking = true;
            string next = backing.GetString()!;
            if (!document.RootElement.TryGetProperty("backing-filename-format", out JsonElement nextFormat))
            {
                return (true, $"'{current}' does not name the format of its backing file '{next}'");
            }

            if (!next.StartsWith('/') || Path.GetFullPath(next) != next || !allowed.Contains(Path.GetDirectoryName(next)!))
            {
                return (true, $"the backing file '{next}' of '{current}' lies outside the machine's directory and the host's pools");
            }

            if (nextFormat.GetString() == "raw")
            {
                return (true, null);
            }

            current = next;
            currentFormat = nextFormat.GetString()!;
        }
    }
}
