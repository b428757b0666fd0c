using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;

namespace VProtect.EndToEnd.Tests.Appliance;

/// <summary>Mounts over TLS with the appliance's certificate, used by libnbd and QEMU; who used them is in the audit log.</summary>
public sealed class MountTlsTests
{
    [Fact]
    public async Task Mount_over_TLS_is_for_who_trusts_the_appliance_and_has_a_certificate_and_who_used_it_is_known()
    {
        TestMachine web = null!;
        await using ApplianceSite site = await ApplianceSite.BeginAsync(datacenter => web = TestMachine.Add(datacenter, "web", 12, 5 << 20));
        string backup = await site.BackUpAsync(await site.MachineAsync(web.Uuid));
        byte[] before = Assert.Single(await site.RestoreAsync(backup));

        // 1. Whoever trusts the appliance's certificate; nobody in clear.
        string appliance = site["trusts-appliance"];
        Directory.CreateDirectory(appliance);
        File.Copy(Path.Join(site.Data, "tls", "server.crt"), Path.Join(appliance, "ca-cert.pem"));
        (string first, string uri) = await MountAsync(site, new { backup = new { guid = backup }, tls = true });
        Assert.StartsWith("nbds://127.0.0.1:", uri, StringComparison.Ordinal);
        Assert.Equal("5242880", Tool.Run("nbdinfo", "--size", $"{uri}?tls-certificates={appliance}").Trim());
        Tool.Run("nbdcopy", $"{uri}?tls-certificates={appliance}", site["copy.raw"]);
        Assert.Equal(before, await File.ReadAllBytesAsync(site["copy.raw"]));
        string other = Directory.CreateDirectory(site["trusts-another"]).FullName;
        await File.WriteAllTextAsync(Path.Join(other, "ca-cert.pem"), Issue(other));
        Assert.NotEqual(0, Tool.TryRun("nbdinfo", "--size", $"{uri}?tls-certificates={other}").ExitCode);
        Assert.NotEqual(0, Tool.TryRun("nbdinfo", "--size", uri.Replace("nbds:", "nbd:", StringComparison.Ordinal)).ExitCode);

        await UsedAsync(site, first, "client", before.Length / 2);

        // 2. Only who has a certificate of an authority besides. QEMU takes ours for no authority, which it is not, unless it is told.
        string known = Directory.CreateDirectory(site["known"]).FullName;
        string stranger = Directory.CreateDirectory(site["stranger"]).FullName;
        string authority = Issue(known);
        Issue(stranger);
        foreach (string directory in (string[])[known, stranger])
        {
            File.Copy(Path.Join(site.Data, "tls", "server.crt"), Path.Join(directory, "ca-cert.pem"));
        }

        ApplianceRefusal refusal = await Assert.ThrowsAsync<ApplianceRefusal>(() => site.AskAsync("mount", new { backup = new { guid = backup }, tls = true, tlsClientAuthorities = "none" }));
        Assert.Contains("tlsClientAuthorities", refusal.Message, StringComparison.Ordinal);
        refusal = await Assert.ThrowsAsync<ApplianceRefusal>(() => site.AskAsync("mount", new { backup = new { guid = backup }, tls = true, mode = "ISCSI" }));
        Assert.Contains("iSCSI has no TLS", refusal.Message, StringComparison.Ordinal);
        (string second, uri) = await MountAsync(site, new { backup = new { guid = backup }, tls = true, tlsClientAuthorities = authority });
        Assert.NotEqual(0, Tool.TryRun("nbdinfo", "--size", $"{uri}?tls-certificates={appliance}").ExitCode);
        Assert.NotEqual(0, Tool.TryRun("nbdinfo", "--size", $"{uri}?tls-certificates={stranger}").ExitCode);
        Assert.Equal("5242880", Tool.Run("nbdinfo", "--size", $"{uri}?tls-certificates={known}").Trim());
        Uri place = new(uri);
        Tool.Run(
            "qemu-img", "convert", "-O", "raw", "--object", $"tls-creds-x509,id=tls,endpoint=client,dir={known},sanity-check=off",
            "--image-opts", $"driver=nbd,host={place.Host},port={place.Port},export={Uri.UnescapeDataString(place.AbsolutePath[1..])},tls-creds=tls", site["qemu.raw"]);
        Assert.Equal(before, await File.ReadAllBytesAsync(site["qemu.raw"]));

        // 3. The same after a restart, and with a new certificate at once.
        await site.KillAsync();
        await site.StartAsync();
        await ApplianceSite.UntilAsync(
            async () => (await site.Client.GetAsync($"/api/mounted-backups/{second}")).GetProperty("state").GetProperty("name").GetString() == "MOUNTED",
            () => "The mount did not come back.");
        Assert.NotEqual(0, Tool.TryRun("nbdinfo", "--size", $"{uri}?tls-certificates={stranger}").ExitCode);
        Tool.Run("nbdinfo", "--size", $"{uri}?tls-certificates={known}");
        File.Copy(Path.Join(site.Data, "tls", "server.crt"), site["old.crt"]);
        await site.Client.PostAsync("/api/server-certificate/renew", new { });
        Assert.NotEqual(0, Tool.TryRun("nbdinfo", "--size", $"{uri}?tls-certificates={known}").ExitCode);
        File.Copy(Path.Join(site.Data, "tls", "server.crt"), Path.Join(known, "ca-cert.pem"), overwrite: true);
        Tool.Run("nbdinfo", "--size", $"{uri}?tls-certificates={known}");
        await UsedAsync(site, second, "CN=operator", readBytesMin: 0);
    }

    /// <summary>Waits until the audit log has that a mount is used no more.</summary>
    private static async Task UsedAsync(ApplianceSite site, string mount, string actor, long readBytesMin)
    {
        List<JsonElement> uses = [];
        await ApplianceSite.UntilAsync(
            async () =>
            {
                uses = [.. (await site.Client.GetAsync($"/api/audit?guid={mount}")).EnumerateArray()];
                return uses.Any(use => use.GetProperty("action").GetString() == "mounts.disconnect" && use.GetProperty("detail").GetProperty("readBytes").GetInt64() >= readBytesMin);
            },
            () => "Not noted: " + string.Join('\n', uses));
        uses.RemoveAll(use => !use.GetProperty("action").GetString()!.StartsWith("mounts.", StringComparison.Ordinal));
        Assert.Contains(uses, use => use.GetProperty("action").GetString() == "mounts.connect");
        Assert.All(uses, use => Assert.Equal(actor, use.GetProperty("actor").GetString()));
        Assert.All(uses, use => Assert.StartsWith("127.0.0.1:", use.GetProperty("address").GetString(), StringComparison.Ordinal));
    }

    private static async Task<(string Guid, string Uri)> MountAsync(ApplianceSite site, object request)
    {
        await site.SucceedsAsync(await site.AskAsync("mount", request));
        string guid = (await site.Client.GetAsync("/api/mounted-backups"))[0].GetProperty("guid").GetString()!;
        JsonElement disk = (await site.Client.GetAsync($"/api/mounted-files?mounted-backup={guid}")).EnumerateArray().First();
        return (guid, disk.GetProperty("address").GetString()!);
    }

    /// <summary>A client's certificate and key, of an authority made for it.</summary>
    /// <returns>The authority as PEM.</returns>
    private static string Issue(string directory)
    {
        DateTimeOffset now = DateTimeOffset.UtcNow;
        using var authorityKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var authorityRequest = new CertificateRequest("CN=authority", authorityKey, HashAlgorithmName.SHA256);
        authorityRequest.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, pathLengthConstraint: 0, critical: true));
        using X509Certificate2 authority = authorityRequest.CreateSelfSigned(now.AddHours(-1), now.AddDays(1));
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=operator", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.2")], critical: false));
        using X509Certificate2 certificate = request.Create(authority, now.AddHours(-1), now.AddHours(20), [1, 2, 3, 4]);
        File.WriteAllText(Path.Join(directory, "client-cert.pem"), certificate.ExportCertificatePem());
        File.WriteAllText(Path.Join(directory, "client-key.pem"), key.ExportPkcs8PrivateKeyPem());
        return authority.ExportCertificatePem();
    }
}
