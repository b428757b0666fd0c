namespace VProtect.Server.Access.Ldap;

/// <summary>Which directory users are looked up in; stored as the setting <c>directory</c>.</summary>
internal sealed record DirectorySettings
{
    /// <summary>Key in the catalog's settings, and purpose by which the password is sealed.</summary>
    public const string Key = "directory";

    /// <summary>Whether it is asked at all.</summary>
    public bool Active { get; init; }

    /// <summary><c>ldaps://host[:636]</c>, or <c>ldap://host[:389]</c>, which is made TLS by StartTLS before anything is said.</summary>
    public string Url { get; init; } = "";

    /// <summary>Certificates (PEM) of authorities that vouch for it; empty for those of this machine.</summary>
    public string Authorities { get; init; } = "";

    /// <summary>As whom users are searched.</summary>
    public string BindDn { get; init; } = "";

    /// <summary>Its password, sealed.</summary>
    public byte[]? SealedPassword { get; init; }

    /// <summary>Below which users are.</summary>
    public string UserBase { get; init; } = "";

    /// <summary>Class that users have; empty for any.</summary>
    public string UserClass { get; init; } = "";

    /// <summary>Attribute that is the login: <c>uid</c>, or <c>sAMAccountName</c> with Active Directory.</summary>
    public string LoginAttribute { get; init; } = "uid";

    /// <summary>Below which groups are; empty for none.</summary>
    public string GroupBase { get; init; } = "";

    /// <summary>Attribute of groups that names their members by their distinguished names.</summary>
    public string MemberAttribute { get; init; } = "member";
}
