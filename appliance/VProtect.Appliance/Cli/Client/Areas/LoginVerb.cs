using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using VProtect.Abstractions;
using VProtect.Appliance.Cli.Client.Connection;
using VProtect.Appliance.Cli.Client.Contexts;
using VProtect.Appliance.Cli.Client.Requests;
using VProtect.Appliance.Cli.Client.Tables;

namespace VProtect.Appliance.Cli.Client.Areas;

/// <summary>
/// <c>vprotect login</c>: 1 trust the server's certificate, 2 log in, 3 change a password that must be changed, 4 have a token made, 5 log out of the
/// session, 6 keep the token.
/// </summary>
internal static class LoginVerb
{
    private const string DefaultLogin = "admin";
    private const int DefaultDays = 30;

    public static Verb New(ClientVerbs verbs)
    {
        var server = new Argument<string?>("SERVER") { Description = $"Its address. Otherwise that of the context or of VPROTECT_SERVER, otherwise {ServerAddress.Default}.", Arity = ArgumentArity.ZeroOrOne };
        var user = new Option<string?>("--user", "-u") { Description = $"As whom. Otherwise you are asked, or {DefaultLogin}.", HelpName = "LOGIN" };
        var name = new Option<string?>("--name") { Description = "What to call this server here. Otherwise its host name.", HelpName = "NAME" };
        var password = new Option<string?>("--password-file") { Description = "File that holds the password; - for standard input. Otherwise you are asked.", HelpName = "FILE" };
        var newPassword = new Option<string?>("--new-password-file") { Description = "File that holds the new password, when it must be changed. Otherwise you are asked.", HelpName = "FILE" };
        var code = new Option<string?>("--code-file") { Description = "File that holds the code of a second factor; - for standard input. Otherwise you are asked.", HelpName = "FILE" };
        var token = new Option<string?>("--token-file") { Description = "File that holds a token to use instead of a password; - for standard input.", HelpName = "FILE" };
        var days = new Option<int>("--days") { Description = $"How long the login lasts. Otherwise {DefaultDays}.", HelpName = "N", DefaultValueFactory = _ => DefaultDays };
        var verb = new Verb("login", "Logs in to a server and remembers it. No password is kept, only a token.") { server, user, name, password, newPassword, code, token, days };
        return verbs.Alone(verbs.Doing(
            verb.WithExamples(
                ("vprotect login", "at the server on this machine; a first password is changed in place"),
                ("vprotect login backup1.example.org --user ann", "shows the certificate's fingerprint, and asks whether it is the right one"),
                ("vprotect login backup1 -u ci --password-file /run/secrets/ci --fingerprint 6a3f0c2d9b81e7546a3f0c2d9b81e7546a3f0c2d9b81e7546a3f0c2d9b81e754", "for scripts: nobody is asked")),
            async (client, cancellationToken) =>
            {
                ParseResult parsed = client.Parsed;
                ServerContext? known = client.Context();
                string address = parsed.GetValue(server) is { } typed ? ServerAddress.Parse(typed) : client.NamedServer() ?? known?.Server ?? ServerAddress.Default;
                ContextDocument document = client.Contexts.Read();
                known = known?.Server == address ? known : document.Contexts.FirstOrDefault(context => context.Server == address);

                // 1
                string? fingerprint = await TrustAsync(client, address, known?.Fingerprint, cancellationToken);
                var trust = new CertificateTrust(fingerprint);
                string login;
                string? secret;
                Guid? guid = null;
                if (parsed.GetValue(token) is { } tokenFile)
                {
                    secret = ClientSecrets.FromFile(client.Terminal, tokenFile);
                    using var api = new ApiClient(address, trust, secret);
                    login = (await api.GetAsync("/user-info", cancellationToken)).Body.Text("login") ?? "";
                }
                else
                {
                    login = parsed.GetValue(user) ?? known?.Login ?? (client.Terminal.IsInputTerminal ? client.Terminal.ReadLine($"User [{DefaultLogin}]") : null) ?? "";
                    login = login.Length == 0 ? DefaultLogin : login;
                    (secret, guid) = await EnterAsync(client, address, trust, login, parsed.GetValue(password), parsed.GetValue(newPassword), parsed.GetValue(code), parsed.GetValue(days), cancellationToken);
                }

                // 6
                string called = parsed.GetValue(name) ?? known?.Name ?? FreeName(document, new Uri(address).Host, address);
                client.Contexts.Write(document.With(new ServerContext(called, address, login, fingerprint, secret, guid)));
                if (client.IsJson)
                {
                    client.WriteJson(new JsonObject { ["context"] = called, ["server"] = address, ["login"] = login, ["fingerprint"] = fingerprint }.ToJsonString());
                }

                client.Say($"Logged in at {address} as {login}. The context is called '{called}'.");
                return ExitCodes.Success;
            }));
    }

    /// <summary>Finds out which certificate will do: one that was named or trusted before, one that authorities vouch for, or one that a person confirms.</summary>
    /// <returns>The fingerprint to pin; null when authorities vouch.</returns>
    private static async Task<string?> TrustAsync(ClientInvocation client, string address, string? known, CancellationToken cancellationToken)
    {
        if (client.NamedFingerprint() is { } named)
        {
            return named;
        }

        if (known is not null)
        {
            return known;
        }

        var trust = new CertificateTrust(pinned: null);
        using var probe = new ApiClient(address, trust, token: null);
        try
        {
            await probe.GetAsync("/user-info", cancellationToken);
        }
        catch (ServerAnswerException)
        {
            return null;
        }
        catch (VProtectException exception) when (exception.Code == ErrorCode.ServerUntrusted && client.Terminal.IsInputTerminal && trust.Seen is not null)
        {
            Terminal terminal = client.Terminal;
            terminal.Error.WriteLine($"{address} shows a certificate that nobody vouches for:");
            terminal.Error.WriteLine($"  {CertificateTrust.Text(trust.Seen)}");
            terminal.Error.WriteLine("Compare it with what 'vprotect serve' prints at the server.");
            return terminal.ReadLine("Is it the same? Type yes")?.Trim() == "yes" ? trust.Seen : throw trust.Refusal(address);
        }

        return null;
    }

    private static async Task<(string Token, Guid? Guid)> EnterAsync(
        ClientInvocation client, string address, CertificateTrust trust, string login, string? passwordFile, string? newPasswordFile, string? codeFile, int days, CancellationToken cancellationToken)
    {
        string password = ClientSecrets.Need(client.Terminal, passwordFile, "--password-file", $"Password of {login}");
        using var api = new ApiClient(address, trust, token: null);

        // 2
        ApiAnswer user = await SignInAsync(client, api, login, password, codeFile, cancellationToken);
        api.Csrf = user.Body.Text("csrfToken");

        // 3
        if (user.Body.IsTrue("mustChangePassword"))
        {
            client.Note("The password was made by somebody else and must be changed now.");
            string changed = ClientSecrets.Need(client.Terminal, newPasswordFile, "--new-password-file", "New password", isNew: true);
            await api.UpdateAsync("/session/password", new JsonObject { ["currentPassword"] = password, ["newPassword"] = changed }, version: null, cancellationToken);
            client.Note("The password is changed.");
        }

        // 4
        DateTimeOffset end = DateTimeOffset.UtcNow.AddDays(Math.Clamp(days, 1, 3650));
        var request = new JsonObject
        {
            ["name"] = $"vprotect at {System.Net.Dns.GetHostName()}, {DateTimeOffset.UtcNow.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture)}",
            ["expiresAt"] = end.ToUnixTimeMilliseconds(),
        };
        ApiAnswer token = await api.CreateAsync("/tokens", request, key: null, cancellationToken);

        // 5
        await api.SendAsync(HttpMethod.Post, "/session/logout", body: null, [], cancellationToken);
        return (token.Body.Text("token") ?? "", Guid.Parse(ObjectNames.GuidOf(token.Body)));
    }

    /// <summary>Sends login and password, and the code of an authenticator when the server then asks for it.</summary>
    private static async Task<ApiAnswer> SignInAsync(
        ClientInvocation client, ApiClient api, string login, string password, string? codeFile, CancellationToken cancellationToken)
    {
        var body = new JsonObject { ["login"] = login, ["password"] = password };
        try
        {
            return await api.SendAsync(HttpMethod.Post, "/session/login", body.DeepClone(), [], cancellationToken);
        }
        catch (ServerAnswerException answer) when (answer.Code == ErrorCode.SecondFactorRequired)
        {
            body["code"] = ClientSecrets.Need(client.Terminal, codeFile, "--code-file", "Code of your authenticator, or a recovery code");
            return await api.SendAsync(HttpMethod.Post, "/session/login", body, [], cancellationToken);
        }
    }

    private static string FreeName(ContextDocument document, string host, string address) =>
        document.Find(host) is { } taken && taken.Server != address ? $"{host}-{new Uri(address).Port}" : host;
}
