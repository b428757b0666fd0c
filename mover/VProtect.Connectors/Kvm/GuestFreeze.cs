using System.Diagnostics;
using VProtect.Abstractions;
using VProtect.Connectors.Contract;
using VProtect.Connectors.Kvm.Native;

namespace VProtect.Connectors.Kvm;

/// <summary>
/// Guest file systems, frozen through the guest agent. Whatever happens after <see cref="FreezeAsync"/> was begun, a thaw is sent; if the agent does not
/// answer, <see cref="LateThaws"/> keeps sending it, since an agent that was slow to freeze does freeze in the end.
/// </summary>
internal sealed class GuestFreeze
{
    private readonly KvmPlatform _platform;
    private readonly string _machineUuid;
    private bool _needsThaw;

    private GuestFreeze(KvmPlatform platform, string machineUuid)
    {
        _platform = platform;
        _machineUuid = machineUuid;
    }

    /// <summary>Whether file systems are frozen.</summary>
    internal bool IsFrozen { get; private set; }

    /// <summary>Freezes as asked for.</summary>
    /// <param name="platform">The host.</param>
    /// <param name="machineUuid">The machine.</param>
    /// <param name="isPaused">Whether it stands still, so that its agent cannot answer.</param>
    /// <param name="mode">How much it matters.</param>
    /// <param name="warnings">Is told when it could not be done and need not.</param>
    /// <param name="cancellationToken">Stops before, not while freezing.</param>
    /// <exception cref="VProtectException"><see cref="ErrorCode.QuiesceFailed"/>: it could not be done and must.</exception>
    internal static async Task<GuestFreeze> FreezeAsync(
        KvmPlatform platform, string machineUuid, bool isPaused, QuiesceMode mode, WarningList warnings, CancellationToken cancellationToken)
    {
        var freeze = new GuestFreeze(platform, machineUuid);
        if (mode == QuiesceMode.No)
        {
            return freeze;
        }

        string? fault = isPaused ? "the machine is paused" : await freeze.TryFreezeAsync(cancellationToken);
        if (fault is null)
        {
            freeze.IsFrozen = true;
            return freeze;
        }

        await freeze.ThawAsync(warnings);
        if (mode == QuiesceMode.Require)
        {
            throw Errors.Of(
                ErrorCode.QuiesceFailed,
                $"Guest file systems could not be frozen: {fault}.",
                "Install qemu-guest-agent in the guest and give the machine its channel, or let the policy try instead of require.",
                RetryAdvice.Later);
        }

        warnings.Add($"Guest file systems were not frozen, so the restore point is as a power cut would leave it: {fault}.");
        return freeze;
    }

    /// <summary>Thaws, once; throws nothing. What cannot be thawed now is thawed later, and the administrator told.</summary>
    internal async Task ThawAsync(WarningList warnings)
    {
        if (!_needsThaw)
        {
            return;
        }

        _needsThaw = false;
        bool wasFrozen = IsFrozen;
        IsFrozen = false;
        string? fault = await TryThawAsync(_platform.Session, _machineUuid);
        if (fault is not null)
        {
            _platform.LateThaws.Add(_machineUuid);
            if (wasFrozen)
            {
                warnings.Add($"Guest file systems could not be thawed at once ({fault}); it is tried again until the agent answers.");
            }
        }
    }

    /// <returns>Why not, or null.</returns>
    internal static async Task<string?> TryThawAsync(LibvirtSession session, string machineUuid)
    {
        try
        {
            await session.ChangeAsync(
                "Thawing",
                api =>
                {
                    using DomainHandle? domain = api.TryLookupDomain(machineUuid);
                    // A machine that is gone or off has no frozen file systems.
                    if (domain is not null && InventoryReader.ToPower(LibvirtApi.GetState(domain)) != PowerState.Off)
                    {
                        LibvirtApi.Thaw(domain);
                        LibvirtApi.SetAgentTimeout(domain, Libvirt.AgentTimeoutDefault);
                    }
                },
                CancellationToken.None);
            return null;
        }
        catch (VProtectException exception)
        {
            return exception.InnerException?.Message ?? exception.Message;
        }
    }

    private async Task<string?> TryFreezeAsync(CancellationToken cancellationToken)
    {
        long started = Stopwatch.GetTimestamp();
        try
        {
            await _platform.Session.ChangeAsync(
                "Freezing",
                api =>
                {
                    using DomainHandle domain = api.LookupDomain(_machineUuid);
                    LibvirtApi.SetAgentTimeout(domain, (int)_platform.Options.FreezeTimeout.TotalSeconds);
                    _needsThaw = true;
                    LibvirtApi.Freeze(domain);
                },
                cancellationToken);
            return null;
        }
        catch (VProtectException exception) when (exception.InnerException is LibvirtException inner)
        {
            // Without an agent nobody will ever freeze, and nobody need thaw. One that took its time may yet come to it.
            bool wasAsked = Stopwatch.GetElapsedTime(started) >= _platform.Options.FreezeTimeout / 2;
            _needsThaw &= wasAsked || inner.Number is not (VirErr.AgentUnresponsive or VirErr.ArgumentUnsupported or VirErr.ConfigUnsupported);
            return inner.Message;
        }
    }
}
