using System.Data.Common;
using VProtect.Abstractions;
using VProtect.Catalog.Sql;

namespace VProtect.Catalog;

/// <summary>What the catalog says when something goes wrong, with what to do about it.</summary>
internal static class CatalogErrors
{
    private const string Rebuild =
        "Stop the program. Move the file aside together with those ending in -wal and -shm, put the newest copy made by a catalog backup in its place, " +
        "or start without it: machines are learned again from the platforms and restore points from the repositories; policies, users and history come back only from a copy.";

    public static VProtectException Conflict(string table, Guid guid) => new(
        ErrorCode.CatalogConflict,
        ErrorSide.Catalog,
        $"{guid} in {table} was changed by somebody else in the meantime.",
        "Read it again and repeat the change.",
        RetryAdvice.Now);

    public static VProtectException NotFound(string table, object key) => new(
        ErrorCode.CatalogNotFound, ErrorSide.Catalog, $"There is no {key} in {table}.", "It may have been deleted; list again.");

    public static VProtectException OutOfView(string what) => new(
        ErrorCode.Forbidden, ErrorSide.Request, $"Your rights are limited to selected objects, and {what}.", "Ask an administrator for the right to do it everywhere.");

    public static VProtectException LeaseLost(Guid task) => new(
        ErrorCode.TaskLeaseLost,
        ErrorSide.Catalog,
        $"Task {task} is not, or no longer, this node's.",
        "The node was taken for dead or the task was ended by another. It must stop and clean up what it began.");

    public static VProtectException TooNew(int found, int known) => new(
        ErrorCode.CatalogTooNew,
        ErrorSide.Catalog,
        $"The catalog has schema {found}; this program knows schemas up to {known}.",
        "Run the version that wrote it or a newer one, or put back a copy made before the update.");

    public static VProtectException NotOurs(string path) => new(
        ErrorCode.CatalogDamaged, ErrorSide.Catalog, $"'{path}' is a database, but not a catalog.", "Name another file.");

    public static VProtectException Unusable(string message, Exception inner) => new(
        ErrorCode.CatalogUnavailable, ErrorSide.Catalog, message, "Check that the place exists and may be written.", RetryAdvice.Later, inner);

    /// <summary>The error that a failure of the database is to callers.</summary>
    /// <param name="dialect">Of which database.</param>
    /// <param name="place">Where the catalog is, without secrets.</param>
    /// <param name="exception">What the database said.</param>
    public static VProtectException From(Dialect dialect, string place, DbException exception) => dialect.Classify(exception) switch
    {
        ErrorCode.CatalogDamaged => new(
            ErrorCode.CatalogDamaged, ErrorSide.Catalog, $"The catalog '{place}' is damaged: {exception.Message}", Rebuild, RetryAdvice.Never, exception),
        ErrorCode.CatalogInUse => new(
            ErrorCode.CatalogInUse,
            ErrorSide.Catalog,
            $"The row refers to something that is not there, or something still refers to it: {exception.Message}",
            "Remove what uses it first.",
            RetryAdvice.Never,
            exception),
        ErrorCode.CatalogDuplicate => new(
            ErrorCode.CatalogDuplicate, ErrorSide.Catalog, $"Such a thing exists already: {exception.Message}", "Choose another name.", RetryAdvice.Never, exception),
        ErrorCode.CatalogInvalid => new(
            ErrorCode.CatalogInvalid, ErrorSide.Catalog, $"A value is not allowed: {exception.Message}", "Correct the value.", RetryAdvice.Never, exception),
        ErrorCode.CatalogBusy => new(
            ErrorCode.CatalogBusy, ErrorSide.Catalog, $"The catalog is busy: {exception.Message}", "Try again.", RetryAdvice.Now, exception),
        _ => new(
            ErrorCode.CatalogUnavailable,
            ErrorSide.Catalog,
            $"The catalog '{place}' cannot be used: {exception.Message}",
            "Check the disk's space and health, or the database server and the way to it.",
            RetryAdvice.Later,
            exception),
    };
}
