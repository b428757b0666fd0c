namespace VProtect.Mover;

/// <summary>The version of this build, as restore points and <c>--version</c> show it.</summary>
public static class ProductVersion
{
    /// <summary>Major, minor, patch.</summary>
    public static string Text { get; } = typeof(ProductVersion).Assembly.GetName().Version?.ToString(3) ?? "0.0.0";
}
