using VProtect.Abstractions;
using VProtect.Server.Access;
using VProtect.Testing;

namespace VProtect.Server.Tests.Access;

public sealed class SecretBoxTests
{
    [Fact]
    public void Secret_opens_only_with_its_key_for_its_purpose_and_unchanged()
    {
        using var directory = new TemporaryDirectory();
        SecretBox box = SecretBox.Open(directory["secret.key"]);
        byte[] secret = [1, 2, 3, 4, 5];
        byte[] sealedBytes = box.Seal(secret, "credentials:1");
        Assert.Equal(1, sealedBytes[0]);
        Assert.Equal(29 + 5, sealedBytes.Length);
        Assert.Equal(secret, SecretBox.Open(directory["secret.key"]).Unseal(sealedBytes, "credentials:1"));
        Assert.Equal("-rw-------", ModeOf(directory["secret.key"]));

        Refused(() => box.Unseal(sealedBytes, "credentials:2"));
        Refused(() => SecretBox.Open(directory["other.key"]).Unseal(sealedBytes, "credentials:1"));
        for (int i = 0; i < sealedBytes.Length; i++)
        {
            byte[] changed = [.. sealedBytes];
            changed[i] ^= 1;
            Refused(() => box.Unseal(changed, "credentials:1"));
            Refused(() => box.Unseal(sealedBytes.AsSpan(0, i), "credentials:1"));
        }
    }

    [Fact]
    public void File_that_is_no_key_is_refused()
    {
        using var directory = new TemporaryDirectory();
        File.WriteAllText(directory["secret.key"], "short");
        Refused(() => SecretBox.Open(directory["secret.key"]));
    }

    private static void Refused(Action action) => Assert.Equal(ErrorCode.SecretUnreadable, Assert.Throws<VProtectException>(action).Code);

    private static string ModeOf(string path) =>
        OperatingSystem.IsWindows() ? "" : File.GetUnixFileMode(path) == (UnixFileMode.UserRead | UnixFileMode.UserWrite) ? "-rw-------" : "open";
}
