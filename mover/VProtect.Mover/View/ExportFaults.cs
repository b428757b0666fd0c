using VProtect.Abstractions;
using VProtect.Nbd.Server;

namespace VProtect.Mover.View;

/// <summary>Our failures as what NBD clients are told.</summary>
internal static class ExportFaults
{
    public static async ValueTask TranslateAsync(ValueTask work)
    {
        try
        {
            await work;
        }
        catch (VProtectException e)
        {
            throw new NbdExportException(e.Code == ErrorCode.OverlayFull ? NbdFault.NoSpace : NbdFault.Io, e.Message, e);
        }
    }
}
