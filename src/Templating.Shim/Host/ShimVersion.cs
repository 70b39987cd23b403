namespace Templating.Shim.Host;

/// <summary>Of this program, for people and for containerd.</summary>
internal static class ShimVersion
{
    public static readonly string Text = typeof(ShimVersion).Assembly.GetName().Version?.ToString(3) ?? "";
}
