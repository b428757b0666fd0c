namespace VProtect.Catalog.Inventory;

/// <summary>What a credential holds.</summary>
public enum CredentialKind
{
    /// <summary>Login and password.</summary>
    Password,

    /// <summary>Login and private key.</summary>
    SshKey,

    /// <summary>A bearer token or access key.</summary>
    Token,

    /// <summary>A client certificate with its key.</summary>
    Certificate,
}
