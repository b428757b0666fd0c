using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using VProtect.Abstractions;
using VProtect.Abstractions.Nodes;
using VProtect.Catalog;
using VProtect.Catalog.Mounts;
using VProtect.Catalog.Sql;
using VProtect.Server.Access;
using VProtect.Server.Api.Shared;
using VProtect.Server.Tasks;
using VProtect.Server.Tasks.Requests;

namespace VProtect.Server.Api.Tasks;

/// <summary>Asks for mounts, machines that run on them, and their end.</summary>
internal static partial class TaskCreationApi
{
    /// <summary>Longest PEM of authorities.</summary>
    private const int AuthoritiesMax = 64 << 10;

    /// <summary>A mount that is forgotten about does not keep its backup for ever.</summary>
    private static readonly TimeSpan MountTime = TimeSpan.FromDays(1);

    private static Task<IResult> MountAsync(
        MountBody body, HttpContext context, TaskRequests requests, References references, TimeProvider time, CancellationToken cancellationToken)
    {
        string mode = TaskBodyChecks.NameOf(body.Mode) ?? ApiName.Of(MountMode.Nbd);
        bool isIscsi = mode == ApiName.Of(MountMode.Iscsi);
        if (!isIscsi && mode != ApiName.Of(MountMode.Nbd))
        {
            throw TaskBodyChecks.NotServed($"The mode {mode}", "Send NBD or ISCSI; POST /api/tasks/boot starts a machine, /api/tasks/restore restores to files.");
        }

        if (body.ChapCredential is not null)
        {
            // Who may log in sees what is made of the secret, and could try out any that somebody else keeps here.
            Caller.Of(context).RequireToHave([Permission.InventoryCredentials]);
        }

        CheckTls(body, isIscsi);
        DateTimeOffset now = time.GetUtcNow();
        if (body.UnmountTime <= now)
        {
            throw new InvalidFieldException("unmountTime", "It has passed.", "Send a time to come, in milliseconds since 1970, or leave it out for a day from now.");
        }

        Guid point = (body.Backup ?? body.BackupLocation).Required("backup");
        MountRequest request = new MountRequest
        {
            Point = point,
            Node = body.Node?.Guid,
            Mode = isIscsi ? MountMode.Iscsi : MountMode.Nbd,
            AllowedClients = Clients(body.AllowedClients, isIscsi),
            Chap = body.ChapCredential?.Guid,
            MutualChap = body.MutualChapCredential?.Guid,
            IsWritable = body.Writable == true,
            IsTls = body.Tls == true,
            TlsClientAuthorities = body.TlsClientAuthorities,
            UnmountAt = body.UnmountTime ?? now + MountTime,
        }.With(body);
        return AnswerAsync(
            context,
            body,
            "tasks.mount",
            async transaction =>
            {
                if (request.Node is { } node)
                {
                    await transaction.Nodes.GetAsync(node, cancellationToken);
                }

                await CheckAccountsAsync(transaction, body, isIscsi, references, cancellationToken);
                IReadOnlyList<string> disks = await DisksAsync(transaction, point, body.MountedDisks, cancellationToken);
                return [await requests.MountAsync(transaction, request with { Disks = disks }, TaskOrigin.Of(context), cancellationToken)];
            },
            cancellationToken);
    }

    private static Task<IResult> BootAsync(BootBody body, HttpContext context, TaskRequests requests, TimeProvider time, CancellationToken cancellationToken)
    {
        if (body.UnmountTime <= time.GetUtcNow())
        {
            throw new InvalidFieldException("unmountTime", "It has passed.", "Send a time to come, in milliseconds since 1970, or leave it out.");
        }

        BootRequest request = new BootRequest
        {
            Point = body.Backup.Required("backup"),
            Source = body.HypervisorManager?.Guid,
            Hypervisor = body.Hypervisor?.Guid,
            Name = body.RestoredPeName is null ? null : InvalidFieldException.RequireText("restoredPeName", body.RestoredPeName, NameMax),
            IsIsolated = body.Isolated ?? true,
            Node = body.Node?.Guid,
            UnmountAt = body.UnmountTime,
        }.With(body);
        return AnswerAsync(
            context,
            body,
            "tasks.boot",
            async transaction =>
            {
                if (request.Node is { } node)
                {
                    await transaction.Nodes.GetAsync(node, cancellationToken);
                }

                Dictionary<int, string>? networks = await NetworksAsync(transaction, body.RestoredNetworks, cancellationToken);
                return [await requests.BootAsync(transaction, request with { Networks = networks }, TaskOrigin.Of(context), cancellationToken)];
            },
            cancellationToken);
    }

    private static Task<IResult> UnmountAsync(UnmountBody body, HttpContext context, TaskRequests requests, CancellationToken cancellationToken)
    {
        if (body.Keep == true)
        {
            if (body.Commit == true)
            {
                throw new InvalidFieldException("keep", "What the machine wrote goes on with it, or becomes a backup.", "Send keep or commit.");
            }

            Caller.Of(context).RequireToHave([Permission.TasksRestore]);
        }

        UnmountRequest request = new UnmountRequest
        {
            Mount = body.MountedBackup.Required("mountedBackup"),
            Commits = body.Commit == true,
            Label = TextField.Applied("label", before: null, body.Label, lengthMax: 200),
            KeepsMachine = body.Keep == true,
        }.With(body);
        return AnswerAsync(
            context,
            body,
            "tasks.unmount",
            async transaction =>
            {
                string? storage = await StorageAsync(transaction, body.RestoreStorageId, cancellationToken);
                return [await requests.UnmountAsync(transaction, request with { StorageUuid = storage }, TaskOrigin.Of(context), cancellationToken)];
            },
            cancellationToken);
    }

    private static void CheckTls(MountBody body, bool isIscsi)
    {
        if (body.Tls == true && isIscsi)
        {
            throw new InvalidFieldException("tls", "iSCSI has no TLS.", "Leave it out, or send NBD as mode.");
        }

        if (body.TlsClientAuthorities is not { } pem)
        {
            return;
        }

        if (body.Tls != true)
        {
            throw new InvalidFieldException("tlsClientAuthorities", "Certificates are shown over TLS.", "Send tls too.");
        }

        X509Certificate2Collection found = [];
        try
        {
            found.ImportFromPem(pem.Length <= AuthoritiesMax ? pem : "");
        }
        catch (CryptographicException)
        {
            found.Clear();
        }

        if (found.Count == 0)
        {
            throw new InvalidFieldException("tlsClientAuthorities", $"It has no certificate, or more than {AuthoritiesMax >> 10} KiB.", "Send the certificates of the authorities as PEM.");
        }
    }

    /// <summary>CHAP is for iSCSI, mutual CHAP and names of initiators beside CHAP, and what is wrong with a credential is said before anything is queued.</summary>
    private static async Task CheckAccountsAsync(CatalogSession session, MountBody body, bool isIscsi, References references, CancellationToken cancellationToken)
    {
        IReadOnlyList<string> clients = body.AllowedClients ?? [];
        if (clients.Any(IscsiAccess.IsName) && body.ChapCredential is null)
        {
            throw new InvalidFieldException("allowedClients", "Names of initiators prove nothing.", "Send chapCredential too, or networks alone.");
        }

        if (isIscsi && clients.Count(client => !IscsiAccess.IsName(client)) > IscsiAccess.NetworksMax)
        {
            throw new InvalidFieldException("allowedClients", $"An iSCSI target takes at most {IscsiAccess.NetworksMax} networks.", "Send larger networks.");
        }

        if (body.ChapCredential is not null && !isIscsi)
        {
            throw new InvalidFieldException("chapCredential", "NBD has no CHAP.", "Leave it out, or send ISCSI as mode.");
        }

        if (body.MutualChapCredential is not null && body.ChapCredential is null)
        {
            throw new InvalidFieldException("mutualChapCredential", "Mutual CHAP is beside CHAP.", "Send chapCredential too.");
        }

        var users = new List<string>();
        foreach ((string field, NameAndGuid? reference) in new[] { ("chapCredential", body.ChapCredential), ("mutualChapCredential", body.MutualChapCredential) })
        {
            if (await Reference.FindAsync(session.Credentials, reference, field, cancellationToken) is not { } credential)
            {
                continue;
            }

            try
            {
                users.Add((await references.AccountAsync(session, credential.Guid, cancellationToken))!.User);
            }
            catch (VProtectException unfit) when (unfit.Code == ErrorCode.TaskImpossible)
            {
                throw new InvalidFieldException(field, unfit.Message, unfit.Guidance);
            }
        }

        if (users.Distinct().Count() < users.Count)
        {
            throw new InvalidFieldException("mutualChapCredential", "It has the same login as chapCredential.", "Send another one, with another secret.");
        }
    }

    /// <summary>Networks in CIDR; an address alone is a network of one. For iSCSI names of initiators.</summary>
    private static List<string> Clients(IReadOnlyList<string>? clients, bool isIscsi)
    {
        List<string> networks = [];
        foreach (string client in clients ?? [])
        {
            networks.Add(
                IPNetwork.TryParse(client, out IPNetwork network) ? network.ToString()
                : IPAddress.TryParse(client, out IPAddress? address) ? new IPNetwork(address, address.GetAddressBytes().Length * 8).ToString()
                : isIscsi && IscsiAccess.IsName(client) ? client.ToLowerInvariant()
                : throw new InvalidFieldException(
                    "allowedClients", $"'{client}' is no network and no address{(isIscsi ? ", and no name of an initiator" : "")}.",
                    isIscsi ? "Send them as 192.0.2.0/24, 192.0.2.7 or iqn.2001-04.com.example:name." : "Send them as 192.0.2.0/24 or 192.0.2.7."));
        }

        return networks;
    }
}
