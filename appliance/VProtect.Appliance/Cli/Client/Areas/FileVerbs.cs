using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using VProtect.Abstractions;
using VProtect.Appliance.Cli.Client.Connection;
using VProtect.Appliance.Cli.Client.Requests;
using VProtect.Appliance.Cli.Client.Tables;

namespace VProtect.Appliance.Cli.Client.Areas;

/// <summary><c>vprotect files …</c>: single files of mounted restore points.</summary>
internal static class FileVerbs
{
    private static readonly Column[] _volumes =
        [Column.Text("volume", "mountPath"), Column.Text("label", "name", shrinks: true), Column.Text("type", "type"), Column.Bytes(">size", "size"), Column.Text("files", "browsable"), Column.Text("locked", "locked")];

    private static readonly Column[] _entries =
        [Column.Word("type", "type"), Column.Text("mode", "mode"), Column.Bytes(">size", "size"), Column.Time("changed (UTC)", "lastModified"), Column.Text("name", "name", shrinks: true), Column.Text("leads to", "target", shrinks: true)];

    private static readonly Column[] _found =
        [Column.Word("type", "type"), Column.Bytes(">size", "size"), Column.Time("changed (UTC)", "lastModified"), Column.Text("path", "path", shrinks: true)];

    public static Verb New(ClientVerbs verbs) => verbs.Area(
        "files", "Files on the disks of mounted restore points: 'vprotect point mount' first. They are read apart from the appliance, whatever the guest put there.",
        NewVolumes(verbs), NewUnlock(verbs), NewList(verbs), NewFind(verbs), NewGet(verbs), NewRestore(verbs));

    private static Verb NewVolumes(ClientVerbs verbs)
    {
        Argument<string> mount = ObjectArgument.New(verbs, MountVerbs.Mount, "MOUNT");
        return verbs.Doing(
            new Verb("volumes", "Lists disks, partitions, logical volumes and arrays, and the file systems on them.") { mount }.WithExamples(("vprotect files volumes 81c0de5f", "what there is to look into")),
            async (client, cancellationToken) =>
            {
                string guid = await MountOfAsync(client, mount, cancellationToken);
                ApiAnswer volumes = await client.Api.GetAsync($"/mounted-file-systems/detailed?mounted-backup={guid}", cancellationToken);
                Write(client, volumes, _volumes);
                return ExitCodes.Success;
            });
    }

    private static Verb NewUnlock(ClientVerbs verbs)
    {
        (Argument<string> mount, Argument<string> volume) = Place(verbs);
        Option<string?> file = new("--passphrase-file") { Description = "File with the pass phrase; asked for otherwise.", HelpName = "FILE" };
        return verbs.Doing(
            new Verb("unlock", "Unlocks an encrypted volume (LUKS) until the restore point is unmounted; 'volumes' then shows what is in it.") { mount, volume, file }
                .WithExamples(("vprotect files unlock 81c0de5f ubda3", "asks for the pass phrase")),
            async (client, cancellationToken) =>
            {
                string path = await VolumeOfAsync(client, mount, volume, cancellationToken);
                string phrase = ClientSecrets.Need(client.Terminal, client.Parsed.GetValue(file), "--passphrase-file", "Pass phrase");
                await client.Api.CreateAsync($"{path}/unlock", new JsonObject { ["passPhrase"] = phrase }, key: null, cancellationToken);
                client.Say("It is unlocked.");
                return ExitCodes.Success;
            });
    }

    private static Verb NewList(ClientVerbs verbs)
    {
        (Argument<string> mount, Argument<string> volume) = Place(verbs);
        Argument<string> path = new("PATH") { Description = "Directory, from the volume's root.", DefaultValueFactory = _ => "/" };
        return verbs.Doing(
            new Verb("ls", "Lists a directory.") { mount, volume, path }.WithExamples(("vprotect files ls 81c0de5f ubda1 /etc", "what is in it")),
            async (client, cancellationToken) =>
            {
                string at = await VolumeOfAsync(client, mount, volume, cancellationToken);
                Write(client, await client.Api.CreateAsync($"{at}/listing", Asking(client.Parsed.GetRequiredValue(path)), key: null, cancellationToken), _entries);
                return ExitCodes.Success;
            });
    }

    private static Verb NewFind(ClientVerbs verbs)
    {
        (Argument<string> mount, Argument<string> volume) = Place(verbs);
        Argument<string> name = new("NAME") { Description = "What the name holds, in any case." };
        Option<string> below = new("--in") { Description = "Directory to search below.", HelpName = "PATH", DefaultValueFactory = _ => "/" };
        return verbs.Doing(
            new Verb("find", "Finds files and directories by name.") { mount, volume, name, below }.WithExamples(("vprotect files find 81c0de5f ubda1 invoice --in /home", "wherever it is below /home")),
            async (client, cancellationToken) =>
            {
                string at = await VolumeOfAsync(client, mount, volume, cancellationToken);
                JsonObject body = Asking(client.Parsed.GetRequiredValue(below));
                body["name"] = client.Parsed.GetRequiredValue(name);
                Write(client, await client.Api.CreateAsync($"{at}/search", body, key: null, cancellationToken), _found);
                return ExitCodes.Success;
            });
    }

    private static Verb NewGet(ClientVerbs verbs)
    {
        (Argument<string> mount, Argument<string> volume) = Place(verbs);
        Argument<string> path = new("PATH") { Description = "File or directory, from the volume's root; a directory becomes an archive." };
        Option<string?> format = new("--format") { Description = "The archive: zip, or tar.zst, which keeps owners, permissions, times and links. With it a file becomes an archive too.", HelpName = "zip|tar.zst" };
        format.AcceptOnlyFromAmong("zip", "tar.zst");
        Option<string?> to = new("--to") { Description = "File to write, or - for standard output. Otherwise its own name, here.", HelpName = "FILE" };
        return verbs.Doing(
            new Verb("get", "Takes a file or directory out. A file that is there already is not overwritten.") { mount, volume, path, to, format }
                .WithExamples(
                    ("vprotect files get 81c0de5f ubda1 /etc/fstab --to -", "shows it"),
                    ("vprotect files get 81c0de5f ubda1 /home/ada --to ada.zip", "a whole directory"),
                    ("vprotect files get 81c0de5f ubda1 /home/ada --format tar.zst --to - | tar --zstd -x", "with all that tar keeps")),
            async (client, cancellationToken) =>
            {
                string at = await VolumeOfAsync(client, mount, volume, cancellationToken);
                string wanted = client.Parsed.GetRequiredValue(path);
                string query = client.Parsed.GetValue(format) is { } chosen ? $"?format={chosen}" : "";
                using HttpResponseMessage answer = await client.Api.DownloadAsync($"{at}/download{query}", Asking(wanted), cancellationToken);
                string target = client.Parsed.GetValue(to) ?? Path.GetFileName(answer.Content.Headers.ContentDisposition?.FileNameStar ?? "file");
                await using Stream content = await answer.Content.ReadAsStreamAsync(cancellationToken);
                if (target == "-")
                {
                    await using Stream output = Console.OpenStandardOutput();
                    await content.CopyToAsync(output, cancellationToken);
                    return ExitCodes.Success;
                }

                long bytes = await SaveAsync(content, target, cancellationToken);
                client.Say($"{target} has {SizeText.Of(bytes)}.");
                return ExitCodes.Success;
            });
    }

    private static Verb NewRestore(ClientVerbs verbs)
    {
        (Argument<string> mount, Argument<string> volume) = Place(verbs);
        Argument<string[]> paths = new("PATH") { Description = "Files and directories, from the volume's root.", Arity = ArgumentArity.OneOrMore };
        Field[] fields =
        [
            Field.Reference(verbs, "--into", "virtualMachine", MachineVerbs.Machine, "The machine; it runs, and its guest agent answers. Otherwise the one that was backed up."),
            Field.Text("--to", "folder", "Directory in the machine that receives them, made if it is not there. Otherwise where they were.", "DIR"),
            Field.Word("--existing", "existing", "What becomes of files that are there already; they are kept otherwise", "KEEP", "REPLACE", "RENAME"),
        ];
        Verb verb = ClientVerbs.With(new Verb("restore", "Writes files and directories into a machine that runs, through its guest agent, with owners, permissions, times and symbolic links.") { mount, volume, paths }, fields);
        var starting = new TaskStarting(verb);
        return verbs.Doing(
            verb.WithExamples(
                ("vprotect files restore 81c0de5f ubda1 /etc/fstab /home/ada --wait", "back where they were, as far as they are missing there"),
                ("vprotect files restore 81c0de5f ubda1 /home/ada --existing rename", "beside what is there, under other names"),
                ("vprotect files restore 81c0de5f ubda1 /home/ada --into web2 --to /restore", "into another machine")),
            async (client, cancellationToken) =>
            {
                string at = await VolumeOfAsync(client, mount, volume, cancellationToken);
                var body = new JsonObject { ["paths"] = new JsonArray([.. client.Parsed.GetRequiredValue(paths).Select(path => (JsonNode)path)]) };
                await RequestBody.ApplyAsync(client, fields, body, cancellationToken);
                return await starting.RunAsync(client, $"{at}/restore", body, cancellationToken);
            });
    }

    internal static async Task<long> SaveAsync(Stream content, string target, CancellationToken cancellationToken)
    {
        FileStream file;
        try
        {
            file = new FileStream(target, FileMode.CreateNew, FileAccess.Write);
        }
        catch (IOException exception)
        {
            throw new VProtectException(ErrorCode.InvalidArgument, ErrorSide.Request, $"'{target}' cannot be made: {exception.Message}", "Name another file with --to.", inner: exception);
        }

        try
        {
            await using (file)
            {
                await content.CopyToAsync(file, cancellationToken);
                return file.Length;
            }
        }
        catch
        {
            // Half a file must not pass for the whole.
            File.Delete(target);
            throw;
        }
    }

    private static (Argument<string> Mount, Argument<string> Volume) Place(ClientVerbs verbs) =>
        (ObjectArgument.New(verbs, MountVerbs.Mount, "MOUNT"), new Argument<string>("VOLUME") { Description = "As 'vprotect files volumes' calls it." });

    private static JsonObject Asking(string path) => new() { ["path"] = path };

    private static void Write(ClientInvocation client, ApiAnswer answer, Column[] columns)
    {
        if (client.IsJson)
        {
            client.WriteJson(answer.Text);
            return;
        }

        Table.Write(client.Terminal.Out, columns, [.. answer.Body.Items("")], client.Terminal.Width);
    }

    private static async Task<string> MountOfAsync(ClientInvocation client, Argument<string> mount, CancellationToken cancellationToken) =>
        ObjectNames.GuidOf(await ObjectNames.FindAsync(client.Api, MountVerbs.Mount, client.Parsed.GetRequiredValue(mount), cancellationToken));

    /// <summary>The address of a volume in the API.</summary>
    private static async Task<string> VolumeOfAsync(ClientInvocation client, Argument<string> mount, Argument<string> volume, CancellationToken cancellationToken)
    {
        string guid = await MountOfAsync(client, mount, cancellationToken);
        string name = client.Parsed.GetRequiredValue(volume);
        string path = $"/mounted-file-systems/detailed?mounted-backup={guid}";
        JsonElement[] volumes = [.. (await client.Api.GetAsync(path, cancellationToken)).Body.Items("")];
        JsonElement[] found = [.. volumes.Where(one => one.Text("mountPath") == name || one.Text("guid") == name)];
        if (found.Length == 0)
        {
            found = [.. volumes.Where(one => one.Text("name") == name)];
        }

        return found.Length == 1
            ? $"/mounted-file-systems/{ObjectNames.GuidOf(found[0])}"
            : throw new VProtectException(
                ErrorCode.ObjectUnknown, ErrorSide.Request, found.Length == 0 ? $"The mount has no volume '{name}'." : $"Several volumes are called '{name}'.",
                $"'vprotect files volumes {client.Parsed.GetRequiredValue(mount)}' lists them.");
    }
}
