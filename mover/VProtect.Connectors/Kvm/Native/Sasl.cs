using System.Runtime.InteropServices;
using System.Text;

namespace VProtect.Connectors.Kvm.Native;

/// <summary>Opens connections and answers libvirt when it asks for user name and password (SASL over TLS).</summary>
internal static unsafe class Sasl
{
    // virConnectCredentialType: user name, authentication name, answers shown and hidden.
    private const int UserName = 1;
    private const int AuthName = 2;
    private const int EchoPrompt = 5;
    private const int NoEchoPrompt = 7;
    private const int PassPhrase = 6;

    internal static ConnectionHandle Open(string uri, string login, string? password)
    {
        int* types = stackalloc int[] { UserName, AuthName, EchoPrompt, PassPhrase, NoEchoPrompt };
        var answers = GCHandle.Alloc(new Answers(login, password ?? ""));
        try
        {
            var auth = new Libvirt.ConnectAuth
            {
                CredentialTypes = types,
                CredentialTypeCount = 5,
                Callback = &Answer,
                CallbackData = GCHandle.ToIntPtr(answers),
            };
            return Libvirt.ConnectOpenAuth(uri, &auth, 0);
        }
        finally
        {
            answers.Free();
        }
    }

    [UnmanagedCallersOnly]
    private static int Answer(Libvirt.Credential* credentials, uint count, nint data)
    {
        if (GCHandle.FromIntPtr(data).Target is not Answers answers)
        {
            return -1;
        }

        for (uint i = 0; i < count; i++)
        {
            bool isSecret = credentials[i].Type is PassPhrase or NoEchoPrompt;
            byte[] text = Encoding.UTF8.GetBytes(isSecret ? answers.Password : answers.Login);
            // libvirt frees it.
            byte* copy = (byte*)NativeMemory.AllocZeroed((nuint)text.Length + 1);
            text.CopyTo(new Span<byte>(copy, text.Length));
            credentials[i].Result = copy;
            credentials[i].ResultLength = (uint)text.Length;
        }

        return 0;
    }

    private sealed record Answers(string Login, string Password);
}
