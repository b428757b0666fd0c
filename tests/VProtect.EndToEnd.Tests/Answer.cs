using System.Text;
using System.Text.Json;

namespace VProtect.EndToEnd.Tests;

/// <summary>What the program answered.</summary>
internal sealed record Answer(int ExitCode, byte[] Output, string Error)
{
    public string Text => Encoding.UTF8.GetString(Output);

    public JsonElement Json => JsonDocument.Parse(Output).RootElement;

    /// <summary>Fails the test, with what was said, when the exit code is another.</summary>
    public Answer Expect(int exitCode)
    {
        string text = Output.Length > 4000 ? $"{Output.Length} bytes" : Text;
        Assert.True(ExitCode == exitCode, $"Exit code {ExitCode} instead of {exitCode}. {text} {Error}");
        return this;
    }

    /// <summary>Expects a failure and its error document.</summary>
    /// <returns>Message and guidance.</returns>
    public string ExpectError(int exitCode, string name)
    {
        JsonElement error = Expect(exitCode).Json.GetProperty("error");
        Assert.Equal(name, error.GetProperty("name").GetString());
        Assert.True(error.GetProperty("code").GetInt32() > 0);
        string message = error.GetProperty("message").GetString()!;
        Assert.NotEmpty(message);
        return $"{message} {error.GetProperty("guidance").GetString()}";
    }
}
