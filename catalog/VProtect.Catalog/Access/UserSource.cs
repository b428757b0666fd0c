namespace VProtect.Catalog.Access;

/// <summary>Who knows a user's or group's secret.</summary>
public enum UserSource
{
    /// <summary>This appliance.</summary>
    Local,

    /// <summary>A directory.</summary>
    Ldap,

    /// <summary>An identity provider.</summary>
    Oidc,
}
