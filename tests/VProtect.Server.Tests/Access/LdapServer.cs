using System.Diagnostics;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using VProtect.Testing;

namespace VProtect.Server.Tests.Access;

/// <summary>Debian's slapd as an ordinary process with a directory, ports and certificates of its own. Users: ann (in the group backup), bob (in none), and one whose login is a filter.</summary>
public sealed class LdapServer : IAsyncLifetime, IDisposable
{
    public const string Admin = "cn=admin,dc=example,dc=org";
    public const string AdminPassword = "service secret";
    public const string BackupGroup = "cn=Backup,ou=groups,dc=example,dc=org";
    public const string Odd = "od(d*)\\";

    private readonly TemporaryDirectory _directory = new();
    private Process? _process;

    public int Port { get; } = FreePort.Take();

    public int TlsPort { get; } = FreePort.Take();

    /// <summary>The authority of its certificate, as PEM.</summary>
    public string Authority { get; private set; } = "";

    public async Task InitializeAsync()
    {
        string At(string name) => Path.Combine(_directory.Path, name);
        WriteCertificates(At);
        Directory.CreateDirectory(At("db"));
        await File.WriteAllTextAsync(At("slapd.conf"), $"""
            include /etc/ldap/schema/core.schema
            include /etc/ldap/schema/cosine.schema
            include /etc/ldap/schema/inetorgperson.schema
            pidfile {At("slapd.pid")}
            modulepath /usr/lib/ldap
            moduleload back_mdb
            TLSCACertificateFile {At("ca.pem")}
            TLSCertificateFile {At("server.pem")}
            TLSCertificateKeyFile {At("server.key")}
            security simple_bind=128
            database mdb
            suffix "dc=example,dc=org"
            rootdn "{Admin}"
            rootpw "{AdminPassword}"
            directory {At("db")}
            """);
        await File.WriteAllTextAsync(At("all.ldif"), $"""
            dn: dc=example,dc=org
            objectClass: dcObject
            objectClass: organization
            o: Example
            dc: example

            dn: ou=people,dc=example,dc=org
            objectClass: organizationalUnit
            ou: people

            dn: ou=groups,dc=example,dc=org
            objectClass: organizationalUnit
            ou: groups

            dn: uid=ann,ou=people,dc=example,dc=org
            objectClass: inetOrgPerson
            uid: ann
            uid: annette
            cn: Ann Example
            sn: Example
            mail: ann@example.org
            userPassword: ann's secret

            dn: uid=bob,ou=people,dc=example,dc=org
            objectClass: inetOrgPerson
            uid: bob
            cn: Bob
            sn: Bob
            userPassword: bob's secret

            dn: cn=odd,ou=people,dc=example,dc=org
            objectClass: inetOrgPerson
            uid: {Odd}
            cn: odd
            sn: odd
            userPassword: odd secret

            dn: {BackupGroup}
            objectClass: groupOfNames
            cn: Backup
            member: uid=ann,ou=people,dc=example,dc=org
            member: cn=odd,ou=people,dc=example,dc=org

            """);
        using (Process add = Start("slapadd", "-f", At("slapd.conf"), "-l", At("all.ldif")))
        {
            await add.WaitForExitAsync();
            Assert.Equal(0, add.ExitCode);
        }

        _process = Start("slapd", "-f", At("slapd.conf"), "-h", $"ldap://localhost:{Port}/ ldaps://localhost:{TlsPort}/", "-d", "0");
        while (!await IsListeningAsync(TlsPort))
        {
            Assert.False(_process.HasExited, "slapd does not start.");
            await Task.Delay(50);
        }
    }

    /// <summary>Changes entries, as the administrator of the directory does.</summary>
    public async Task ModifyAsync(string ldif)
    {
        string file = Path.Combine(_directory.Path, Guid.NewGuid() + ".ldif");
        await File.WriteAllTextAsync(file, ldif);
        await File.WriteAllTextAsync(Path.Combine(_directory.Path, "pw"), AdminPassword);
        var start = new ProcessStartInfo("ldapmodify") { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["LDAPTLS_REQCERT"] = "never"; // the tool, not the product
        foreach (string argument in (string[])["-x", "-H", $"ldaps://localhost:{TlsPort}", "-D", Admin, "-y", Path.Combine(_directory.Path, "pw"), "-f", file])
        {
            start.ArgumentList.Add(argument);
        }

        using Process process = Process.Start(start)!;
        string error = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, error);
    }

    public async Task DisposeAsync()
    {
        if (_process is { HasExited: false })
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }
    }

    public void Dispose()
    {
        _process?.Dispose();
        _directory.Dispose();
    }

    private void WriteCertificates(Func<string, string> at)
    {
        DateTimeOffset now = DateTimeOffset.UtcNow;
        using RSA authorityKey = RSA.Create(2048);
        var authorityRequest = new CertificateRequest("CN=directory authority", authorityKey, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        authorityRequest.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, pathLengthConstraint: 0, critical: true));
        using X509Certificate2 authority = authorityRequest.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        using RSA key = RSA.Create(2048);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        using X509Certificate2 certificate = request.Create(authority, now.AddHours(-1), now.AddHours(12), [1, 2, 3]);
        Authority = authority.ExportCertificatePem();
        File.WriteAllText(at("ca.pem"), Authority);
        File.WriteAllText(at("server.pem"), certificate.ExportCertificatePem());
        File.WriteAllText(at("server.key"), key.ExportPkcs8PrivateKeyPem());
    }

    private static Process Start(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(Path.Combine("/usr/sbin", program));
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        return Process.Start(start)!;
    }

    private static async Task<bool> IsListeningAsync(int port)
    {
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync("localhost", port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
