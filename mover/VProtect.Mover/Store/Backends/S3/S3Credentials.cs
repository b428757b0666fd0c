namespace VProtect.Mover.Store.Backends.S3;

/// <summary>Who a repository in object storage is used as. Never logged, never part of a location.</summary>
/// <param name="AccessKey">The access key's id.</param>
/// <param name="SecretKey">Its secret.</param>
/// <param name="SessionToken">What goes with temporary keys; else null.</param>
public sealed record S3Credentials(string AccessKey, string SecretKey, string? SessionToken = null)
{
    /// <summary>Shows no secret.</summary>
    public override string ToString() => AccessKey;
}
