using System.Text;
using VProtect.Mover.Seal.Encryption;

namespace VProtect.Mover.Tests.Seal.Encryption;

public sealed class KeyDerivationTests
{
    private static readonly byte[] Salt = Encoding.ASCII.GetBytes("saltSALTsaltSALTsaltSALTsaltSALTsalt");

    [Fact]
    public void Pass_phrase_key_agrees_with_published_values()
    {
        // PBKDF2-HMAC-SHA-256 of the long inputs of RFC 6070, whose own values are for SHA-1.
        byte[] key = new byte[40];
        KeyDerivation.FromPassPhrase("passwordPASSWORDpassword", Salt, key, iterations: 4096);
        Assert.Equal(
            "348c89dbcbd32b2f32d814b8116e84cf2b17347ebc1800181c4e2a1fb8dd53e1c635518c7dac47e9",
            Convert.ToHexStringLower(key));
    }

    [Fact]
    public void Key_is_of_the_exact_text_whatever_the_globalization_mode()
    {
        // Python: hashlib.pbkdf2_hmac('sha256', 'Stra\u00dfe e\u0301'.encode(), b'salt' * 4, 2)
        Assert.Equal(
            "EE03AC7C6921A4360ED04140DBCBFC1953701DA3BCD29123A2DAB537CA4962BD",
            PassPhraseKey("Stra\u00DFe e\u0301", salt: Encoding.ASCII.GetBytes("saltsaltsaltsalt")));
    }

    [Fact]
    public void Salt_iterations_and_pass_phrase_all_count()
    {
        byte[] otherSalt = [.. Salt];
        otherSalt[0] ^= 1;
        HashSet<string> keys =
        [
            PassPhraseKey("a"), PassPhraseKey("b"), PassPhraseKey("a", iterations: 3),
            PassPhraseKey("a", salt: otherSalt),
        ];
        Assert.Equal(4, keys.Count);
    }

    [Fact]
    public void Weak_arguments_are_refused()
    {
        byte[] key = new byte[32];
        Assert.Throws<ArgumentException>(() => KeyDerivation.FromPassPhrase("", Salt, key));
        Assert.Throws<ArgumentException>(() => KeyDerivation.FromPassPhrase("a", new byte[15], key));
        Assert.Throws<ArgumentOutOfRangeException>(() => KeyDerivation.FromPassPhrase("a", Salt, key, iterations: 0));
        Assert.Throws<EncoderFallbackException>(() => KeyDerivation.FromPassPhrase("\uD800", Salt, key, iterations: 1));
        Assert.Throws<ArgumentException>(() => KeyDerivation.Subkey(new byte[31], "context", [], key));
        Assert.Throws<ArgumentException>(() => KeyDerivation.Subkey(new byte[32], "context", new byte[225], key));
    }

    [Fact]
    public void Key_context_and_subject_all_separate_subkeys()
    {
        byte[] key = new byte[32];
        byte[] otherKey = [1, .. new byte[31]];
        HashSet<string> subkeys =
        [
            Subkey(key, "a", []), Subkey(otherKey, "a", []), Subkey(key, "b", []),
            Subkey(key, "a", [0]), Subkey(key, "a", new byte[224]),
        ];
        Assert.Equal(5, subkeys.Count);
        Assert.Equal(Subkey(key, "a", [0]), Subkey(key, "a", [0]));
    }

    private static string PassPhraseKey(string passPhrase, byte[]? salt = null, int iterations = 2)
    {
        byte[] key = new byte[32];
        KeyDerivation.FromPassPhrase(passPhrase, salt ?? Salt, key, iterations);
        return Convert.ToHexString(key);
    }

    private static string Subkey(byte[] key, string context, byte[] subject)
    {
        byte[] subkey = new byte[32];
        KeyDerivation.Subkey(key, context, subject, subkey);
        return Convert.ToHexString(subkey);
    }
}
