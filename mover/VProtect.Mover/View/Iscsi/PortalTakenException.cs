using System.Net;
using VProtect.Abstractions;

namespace VProtect.Mover.View.Iscsi;

/// <summary>Something else listens where a target is to be.</summary>
public sealed class PortalTakenException(IPEndPoint portal) : VProtectException(
    ErrorCode.IscsiFailed, ErrorSide.Request, $"The disks cannot be served over iSCSI: nothing can listen on {portal}.", "Something else listens there, or the address is not this machine's: end it, or mount again.");
