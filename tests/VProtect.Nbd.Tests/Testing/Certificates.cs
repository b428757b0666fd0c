namespace VProtect.Nbd.Tests.Testing;

/// <summary>A private authority with a server's and a client's certificate, laid out as libnbd, QEMU and nbdkit read them.</summary>
internal sealed class Certificates : IDisposable
{
    public Certificates(string hostName)
    {
        Issue("ca", "cn = \"Test CA\"\nca\ncert_signing_key\n", "--generate-self-signed");
        string[] signed = ["--generate-certificate", "--load-ca-certificate", At("ca-cert.pem"), "--load-ca-privkey", At("ca-key.pem")];
        Issue("server", $"cn = \"{hostName}\"\ndns_name = \"{hostName}\"\nip_address = \"127.0.0.1\"\ntls_www_server\nsigning_key\n", signed);
        Issue("client", "cn = \"client\"\ntls_www_client\nsigning_key\n", signed);
    }

    public string Directory { get; } = ServerProcess.NewDirectory();

    public string At(string name) => Path.Combine(Directory, name);

    public void Dispose() => System.IO.Directory.Delete(Directory, recursive: true);

    private void Issue(string name, string template, params string[] arguments)
    {
        File.WriteAllText(At($"{name}.info"), template);
        ServerProcess.Run("certtool", "--generate-privkey", "--key-type", "rsa", "--bits", "2048", "--outfile", At($"{name}-key.pem"));
        ServerProcess.Run(
            "certtool", [.. arguments, "--load-privkey", At($"{name}-key.pem"), "--template", At($"{name}.info"), "--outfile", At($"{name}-cert.pem")]);
    }
}
