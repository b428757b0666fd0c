namespace VProtect.Catalog.Audit;

/// <summary>How an audited action ended.</summary>
public enum AuditOutcome
{
    /// <summary>It was done.</summary>
    Success,

    /// <summary>The actor may not.</summary>
    Denied,

    /// <summary>It was tried and failed.</summary>
    Failed,
}
