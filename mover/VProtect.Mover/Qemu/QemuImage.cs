using System.Globalization;
using System.Text.Json;

namespace VProtect.Mover.Qemu;

/// <summary>What <c>qemu-img</c> does for us: makes empty images and tells which other files an image draws on.</summary>
internal static class QemuImage
{
    private const int SectorBytes = 512;

    /// <summary>Makes an empty image in a file, which may exist and is overwritten. Its size is rounded up to whole sectors.</summary>
    /// <exception cref="QemuException">It cannot be made: the size does not suit the format, the disk is full …</exception>
    internal static async Task CreateAsync(
        string path, ImageFormat format, long sizeBytes, bool preallocates, CancellationToken cancellationToken)
    {
        // Without force_size a VHD is rounded up to what cylinders, heads and sectors can say.
        string[] options = (format, preallocates) switch
        {
            (ImageFormat.Vhd, false) => ["-o", "force_size=on"],
            (ImageFormat.Vhd, true) => ["-o", "force_size=on,subformat=fixed"],
            (ImageFormat.Vhdx, true) => ["-o", "subformat=fixed"],
            (ImageFormat.Qcow2, true) => ["-o", "preallocation=falloc"],
            (_, true) => throw new QemuException(
                $"QEMU cannot make a {ImageFormats.ToDriver(format)} image of one file with all its space taken.", "Restore it sparse, or in another format."),
            _ => [],
        };
        long wholeSectorsBytes = (sizeBytes + SectorBytes - 1) / SectorBytes * SectorBytes;
        await RunAsync(
            Sandbox.Own,
            [
                "qemu-img", "create", "-q", "-f", ImageFormats.ToDriver(format), .. options,
                path, wholeSectorsBytes.ToString(CultureInfo.InvariantCulture),
            ],
            cancellationToken);
    }

    /// <summary>
    /// Other files that reading this image would open: backing file, data file, extents. Reads the image's header within
    /// the sandbox.
    /// </summary>
    internal static async Task<IReadOnlyList<string>> GetOtherFilesAsync(
        string path, ImageFormat format, Sandbox sandbox, CancellationToken cancellationToken)
    {
        string output = await RunAsync(
            sandbox,
            ["qemu-img", "info", "--output=json", "--force-share", "-f", ImageFormats.ToDriver(format), path],
            cancellationToken);
        using JsonDocument document = JsonDocument.Parse(output);
        var files = new List<string>();
        Collect(document.RootElement, path, files);
        return files;
    }

    // "backing-filename" at the top; below "format-specific", "data-file" of qcow2 and "extents"[]."filename" of VMDK.
    private static void Collect(JsonElement element, string self, List<string> files)
    {
        if (element.ValueKind == JsonValueKind.Array)
        {
            foreach (JsonElement item in element.EnumerateArray())
            {
                Collect(item, self, files);
            }
        }
        else if (element.ValueKind == JsonValueKind.Object)
        {
            foreach (JsonProperty property in element.EnumerateObject())
            {
                bool namesFile = property.Name is "backing-filename" or "data-file" or "filename";
                if (namesFile && property.Value.GetString() is { } file && file != self)
                {
                    files.Add(file);
                }

                Collect(property.Value, self, files);
            }
        }
    }

    private static async Task<string> RunAsync(Sandbox sandbox, IReadOnlyList<string> command, CancellationToken cancellationToken)
    {
        (int exitCode, string output, string error) = await QemuTool.RunAsync(sandbox, command, cancellationToken);
        return exitCode switch
        {
            0 => output,
            126 or 127 => throw QemuException.Missing("qemu-img"),
            _ => throw new QemuException(error.Trim(), "Check the path, the free space and, with 'qemu-img check', the image."),
        };
    }
}
