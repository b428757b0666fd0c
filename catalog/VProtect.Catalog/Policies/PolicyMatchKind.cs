namespace VProtect.Catalog.Policies;

/// <summary>How an entry of a policy's lists is meant.</summary>
public enum PolicyMatchKind
{
    /// <summary>Machines with this tag belong.</summary>
    IncludeTag,

    /// <summary>Machines with this tag do not.</summary>
    ExcludeTag,

    /// <summary>Machines whose name matches belong.</summary>
    IncludeRegExp,

    /// <summary>Machines whose name matches do not.</summary>
    ExcludeRegExp,
}
