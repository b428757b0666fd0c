using System.Globalization;
using VProtect.Abstractions;
using VProtect.Appliance.Cli.Client.Connection;

namespace VProtect.Appliance.Cli;

/// <summary>What a person, or a script, is told when a verb failed.</summary>
internal static class Failure
{
    /// <summary>Writes the failure and chooses the exit code.</summary>
    public static int Report(Exception exception, bool isJson, Terminal terminal, CancellationToken cancellationToken)
    {
        (int exitCode, ErrorBody body) = Describe(exception, cancellationToken.IsCancellationRequested);
        if (isJson)
        {
            JsonOutput.Write(terminal, new ErrorDocument(body));
        }
        else
        {
            string number = exception is ServerAnswerException && body.Code != 0 ? string.Create(CultureInfo.InvariantCulture, $" (code {body.Code})") : "";
            terminal.Error.WriteLine(exitCode == ExitCodes.Interrupted ? body.Message : $"error: {body.Message}{number}");
            if (body.Guidance.Length > 0)
            {
                terminal.Error.WriteLine("hint: " + body.Guidance);
            }
        }

        if (terminal.Variable("VPROTECT_DEBUG") == "1")
        {
            terminal.Error.WriteLine(exception);
        }

        return exitCode;
    }

    private static (int ExitCode, ErrorBody Body) Describe(Exception exception, bool isCancelled) => exception switch
    {
        // Whatever a cancelled work ends with, that it was cancelled is what matters.
        _ when isCancelled => (
            ExitCodes.Interrupted, new ErrorBody(0, "Interrupted", exception is OperationCanceledException { InnerException: not null } ? exception.Message : "interrupted", "")),
        VProtectException failure => (
            ExitCodes.Of(failure), new ErrorBody((int)failure.Code, failure.Code.ToString(), failure.Message, failure.Guidance)),
        AggregateException { InnerExceptions: [var only] } => Describe(only, isCancelled),
        _ => (
            ExitCodes.UnexpectedFailure,
            new ErrorBody(
                (int)ErrorCode.Unknown, nameof(ErrorCode.Unknown), $"Unexpected failure: {exception.GetType().Name}: {exception.Message}",
                "This is a bug in vprotect: please report it, with what VPROTECT_DEBUG=1 shows.")),
    };
}
