using System.Text.Json.Nodes;
using VProtect.Abstractions;
using VProtect.Catalog;
using VProtect.Catalog.Access;
using VProtect.Catalog.Audit;
using VProtect.Catalog.Settings;
using VProtect.Server.Access.Ldap;
using VProtect.Server.Hosting;
using VProtect.Server.Monitoring.Telemetry;
using VProtect.Server.Nodes;
using VProtect.Server.Tasks;

namespace VProtect.Server.Access;

/// <summary>Where a rotation is. A test looks at what a power cut would leave behind each.</summary>
internal enum KeyRotationStep
{
    /// <summary>Every secret opens; nothing is changed yet.</summary>
    Checked,

    /// <summary>The next key is on disk.</summary>
    KeyWritten,

    /// <summary>The secrets are sealed anew in a transaction that is not committed.</summary>
    Sealed,

    /// <summary>It is committed.</summary>
    Committed,

    /// <summary>The head of the audit log is sealed anew.</summary>
    HeadSealed,

    /// <summary>The next key has taken the place of the one before.</summary>
    Done,
}

/// <summary>
/// Seals every secret with a new key.
/// <code>
///   1 every secret opens, or nothing is done
///   2 secret.key.next is written, durable      from here on both keys open, also after a restart, and the next one seals
///   3 one transaction seals all secrets anew   what another transaction has sealed was committed before, or is sealed with the next key
///   4 all are read again: none needs the key before
///   5 audit.head is sealed anew
///   6 secret.key.next becomes secret.key       the key before is gone from disk; this process still opens what it had read
/// </code>
/// Whatever ends it between 2 and 6, the next start goes on to the end (<see cref="FinishAsync"/>). It rests on two rules: secrets are sealed inside the
/// transaction that writes them, and one transaction writes at a time, as with SQLite. One rotation at a time, of all servers of a catalog, and none while the appliance is copied.
/// </summary>
internal sealed partial class KeyRotation(CatalogDatabase catalog, DataDirectory data, SecretBox box, AuditHead head, TimeProvider time, ILogger<KeyRotation> logger) : IDisposable
{
    /// <summary>Settings that hold a secret: their key, which is its purpose too, and the member of their document.</summary>
    public static readonly IReadOnlyList<(string Key, string Member)> Settings =
        [(DirectorySettings.Key, nameof(DirectorySettings.SealedPassword)), (NodeAuthority.Key, NodeAuthority.SealedMember), (TelemetrySettings.Key, nameof(TelemetrySettings.SealedHeaders))];

    private readonly SemaphoreSlim _one = new(1);

    /// <summary>Called at each step.</summary>
    internal Action<KeyRotationStep> Reached { get; set; } = _ => { };

    /// <summary>Makes a new key and seals everything with it.</summary>
    /// <param name="noteAsync">Writes the audit entry, in the transaction, of as many secrets.</param>
    /// <param name="cancellationToken">Gives up; both keys are then kept, and the next call or start goes on.</param>
    /// <returns>How many secrets were sealed anew.</returns>
    /// <exception cref="VProtectException">
    /// <see cref="ErrorCode.SecretUnreadable"/>: one does not open, which is named; <see cref="ErrorCode.CatalogBusy"/>: another server of this catalog changes the key. Nothing is changed then.
    /// </exception>
    public async Task<int> RotateAsync(Func<CatalogTransaction, int, Task> noteAsync, CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken);
        try
        {
            await using IAsyncDisposable held = await HoldAsync(cancellationToken);
            await using (CatalogSession session = await catalog.ReadAsync(cancellationToken))
            {
                foreach ((byte[] secret, string purpose) in await AllAsync(session, cancellationToken))
                {
                    _ = box.Unseal(secret, purpose);
                }
            }

            Reached(KeyRotationStep.Checked);
            return await RunAsync(noteAsync, cancellationToken);
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>Goes on with a rotation that the last process did not end. Failing is no reason not to start: both keys open what there is.</summary>
    public async Task FinishAsync(CancellationToken cancellationToken)
    {
        if (!box.HasNextKey)
        {
            return;
        }

        await _one.WaitAsync(cancellationToken);
        try
        {
            await using IAsyncDisposable held = await HoldAsync(cancellationToken);
            int count = await RunAsync(NoteAsync, cancellationToken);
            Log.Finished(logger, count);
        }
        catch (VProtectException exception)
        {
            Log.Unfinished(logger, exception);
        }
        finally
        {
            _one.Release();
        }

        // When the secrets are sealed already, so is it written down who asked for it.
        Task NoteAsync(CatalogTransaction transaction, int count) => count == 0
            ? Task.CompletedTask
            : transaction.Audit.AppendAsync(
                new AuditEntry { At = time.GetUtcNow(), Actor = "vprotect", Action = "secret-key.rotate", ObjectKind = "secret-key", Outcome = AuditOutcome.Success },
                cancellationToken);
    }

    /// <summary>What the secrets are for that do not open.</summary>
    public async Task<IReadOnlyList<string>> UnreadableAsync(CancellationToken cancellationToken)
    {
        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        return [.. (await AllAsync(session, cancellationToken)).Where(one => !box.Opens(one.Secret, one.Purpose)).Select(one => one.Purpose)];
    }

    /// <summary>Keeps rotations from beginning until what is returned is disposed: catalog and key that are read meanwhile belong together.</summary>
    public async Task<IDisposable> PauseAsync(CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken);
        return new Pause(_one);
    }

    /// <inheritdoc/>
    public void Dispose() => _one.Dispose();

    private async Task<IAsyncDisposable> HoldAsync(CancellationToken cancellationToken) => await catalog.TryHoldKeyRotationAsync(cancellationToken) ?? throw new VProtectException(
        ErrorCode.CatalogBusy, ErrorSide.Catalog, "Another server of this catalog is changing the key of its secrets; nothing is changed here.",
        "Wait until that has ended, and give this server the new secret.key before it goes on.", RetryAdvice.Later);

    private static string PurposeOf(SealedSecret secret) => secret.Table switch
    {
        "credentials" => References.PurposeOfCredential(secret.Guid),
        "destinations" => References.PurposeOfDestination(secret.Guid),
        "users" => SecondFactor.PurposeOf(secret.Guid),
        _ => throw new InvalidOperationException($"Nobody knows what the secrets of {secret.Table} are sealed for."),
    };

    private static async Task<List<(byte[] Secret, string Purpose)>> AllAsync(CatalogSession session, CancellationToken cancellationToken)
    {
        List<(byte[], string)> all = [.. (await session.SealedSecrets.AllAsync(cancellationToken)).Select(secret => (secret.Sealed, PurposeOf(secret)))];
        foreach ((string key, string member) in Settings)
        {
            if (await session.Settings.FindAsync(key, cancellationToken) is { } setting && SecretIn(JsonNode.Parse(setting.Value), member) is { } secret)
            {
                all.Add((secret, key));
            }
        }

        return all;
    }

    private static byte[]? SecretIn(JsonNode? document, string member) =>
        document?[member]?.GetValue<string>() is { Length: > 0 } text ? Convert.FromBase64String(text) : null;

    private async Task<int> RunAsync(Func<CatalogTransaction, int, Task> noteAsync, CancellationToken cancellationToken)
    {
        int count;
        await using (CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken))
        {
            // Within the transaction, so that nobody who has sealed with the key before is still to commit.
            box.BeginNextKey();
            Reached(KeyRotationStep.KeyWritten);
            count = await SealAnewAsync(transaction, cancellationToken);
            await noteAsync(transaction, count);
            Reached(KeyRotationStep.Sealed);
            await transaction.CommitAsync(cancellationToken);
        }

        Reached(KeyRotationStep.Committed);
        await using (CatalogSession session = await catalog.ReadAsync(cancellationToken))
        {
            foreach ((byte[] secret, string purpose) in await AllAsync(session, cancellationToken))
            {
                if (!box.IsSealedWithNewest(secret, purpose))
                {
                    throw new VProtectException(
                        ErrorCode.SecretUnreadable, ErrorSide.Catalog, $"The secret of {purpose} was sealed with the key before meanwhile; both keys are kept.",
                        "Rotate the key again: it goes on with the same new key.", RetryAdvice.Later);
                }
            }
        }

        await head.SealAnewAsync(cancellationToken);
        Reached(KeyRotationStep.HeadSealed);
        box.EndNextKey();
        Reached(KeyRotationStep.Done);
        Log.Rotated(logger, data.SecretKey, count);
        return count;
    }

    private async Task<int> SealAnewAsync(CatalogTransaction transaction, CancellationToken cancellationToken)
    {
        int count = 0;
        foreach (SealedSecret secret in await transaction.SealedSecrets.AllAsync(cancellationToken))
        {
            string purpose = PurposeOf(secret);
            if (!box.IsSealedWithNewest(secret.Sealed, purpose))
            {
                await transaction.SealedSecrets.ReplaceAsync(secret with { Sealed = box.SealAnew(secret.Sealed, purpose) }, cancellationToken);
                count++;
            }
        }

        foreach ((string key, string member) in Settings)
        {
            Setting? setting = await transaction.Settings.FindAsync(key, cancellationToken);
            JsonNode? document = setting is null ? null : JsonNode.Parse(setting.Value);
            if (SecretIn(document, member) is { } secret && !box.IsSealedWithNewest(secret, key))
            {
                document![member] = Convert.ToBase64String(box.SealAnew(secret, key));
                await transaction.Settings.SetAsync(key, document.ToJsonString(), version: null, cancellationToken);
                count++;
            }
        }

        return count;
    }

    private sealed class Pause(SemaphoreSlim one) : IDisposable
    {
        private SemaphoreSlim? _held = one;

        public void Dispose() => Interlocked.Exchange(ref _held, null)?.Release();
    }

    private static partial class Log
    {
        [LoggerMessage(5370, LogLevel.Information, "{Path} is a new key: {Count} secrets were sealed anew")]
        public static partial void Rotated(ILogger logger, string path, int count);

        [LoggerMessage(5371, LogLevel.Warning, "A change of the key that the last stop interrupted was ended: {Count} secrets were sealed anew")]
        public static partial void Finished(ILogger logger, int count);

        [LoggerMessage(5372, LogLevel.Error, "A change of the key that the last stop interrupted cannot be ended; both keys are kept")]
        public static partial void Unfinished(ILogger logger, Exception exception);
    }
}
