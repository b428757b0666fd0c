using System.Net;
using VProtect.Abstractions;
using VProtect.Appliance.Cli.Client.Connection;

namespace VProtect.Appliance.Cli;

/// <summary>What the process answers with. Scripts depend on these numbers: they only grow.</summary>
internal static class ExitCodes
{
    public const int Success = 0;
    public const int UnexpectedFailure = 1;
    public const int BadArguments = 2;
    public const int SourceFailed = 3;
    public const int TargetFailed = 4;
    public const int RepositoryFailed = 5;
    public const int KeyRefused = 6;
    public const int DataDamaged = 7;
    public const int NotFound = 8;
    public const int ServerUnreachable = 9;
    public const int AccessRefused = 10;
    public const int ServerRefused = 11;
    public const int TaskFailed = 12;
    public const int TaskCancelled = 13;

    /// <summary>128 + SIGINT, as shells write it.</summary>
    public const int Interrupted = 130;

    /// <summary>The table as <c>--help</c> shows it.</summary>
    public static IReadOnlyList<(int Code, string Meaning)> Table { get; } =
    [
        (Success, "done"),
        (UnexpectedFailure, "unexpected failure: a bug, please report it"),
        (BadArguments, "wrong arguments"),
        (SourceFailed, "a source cannot be opened or read"),
        (TargetFailed, "the restore target cannot be opened or written"),
        (RepositoryFailed, "the repository cannot be used: full, denied, failing, or not fit for the request"),
        (KeyRefused, "pass phrase or key is wrong or missing"),
        (DataDamaged, "stored data is damaged or missing"),
        (NotFound, "no such repository, machine, restore point or other object"),
        (ServerUnreachable, "the server cannot be reached, or is not the one that was trusted"),
        (AccessRefused, "not logged in at the server, or not allowed"),
        (ServerRefused, "the server refused the request or failed in it"),
        (TaskFailed, "the task that was waited for failed"),
        (TaskCancelled, "the task that was waited for was cancelled"),
        (Interrupted, "interrupted"),
    ];

    public static int Of(VProtectException failure) => failure.Code switch
    {
        ErrorCode.InvalidArgument => BadArguments,
        ErrorCode.SourceUnavailable or ErrorCode.SourceReadFailed => SourceFailed,
        ErrorCode.TargetUnavailable or ErrorCode.TargetWriteFailed => TargetFailed,
        ErrorCode.RepositoryNotFound or ErrorCode.RestorePointNotFound or ErrorCode.ObjectUnknown => NotFound,
        ErrorCode.WrongKey or ErrorCode.KeyRequired => KeyRefused,
        ErrorCode.DataCorrupt or ErrorCode.ObjectMissing => DataDamaged,
        ErrorCode.OptionInvalid or ErrorCode.ContextInvalid => BadArguments,
        ErrorCode.ServerUnreachable or ErrorCode.ServerUntrusted or ErrorCode.AnswerInvalid => ServerUnreachable,
        ErrorCode.NotLoggedIn or ErrorCode.Unauthenticated or ErrorCode.LoginRefused or ErrorCode.SecondFactorRequired or ErrorCode.LoginTooOften or ErrorCode.Forbidden
            or ErrorCode.PasswordChangeRequired => AccessRefused,
        _ when failure is ServerAnswerException answer => Of(answer),
        _ => failure.Side switch
        {
            ErrorSide.Source or ErrorSide.Platform => SourceFailed,
            ErrorSide.Target => TargetFailed,
            _ => RepositoryFailed,
        },
    };

    private static int Of(ServerAnswerException answer) => answer.Status switch
    {
        HttpStatusCode.BadRequest => BadArguments,
        HttpStatusCode.NotFound => NotFound,
        HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => AccessRefused,
        _ => ServerRefused,
    };
}
