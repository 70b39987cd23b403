namespace Templating.Node.Commands.Runtimes;

/// <summary>What is installed, and where on this host.</summary>
internal sealed record RuntimeTarget
{
    public const string ShimName = "containerd-shim-templating-v2";

    /// <summary>The runtime's name in containerd, and a RuntimeClass's handler.</summary>
    public string Handler { get; init; } = "templating";

    /// <summary>The shim that is placed.</summary>
    public required string Shim { get; init; }

    /// <summary>In containerd's PATH: 1.6 takes no path of a shim.</summary>
    public string BinFolder { get; init; } = "/usr/local/bin";

    public string ConfigPath { get; init; } = "/etc/containerd/config.toml";

    /// <summary>The shim's own options.</summary>
    public string OptionsPath { get; init; } = "/etc/templating/shim.toml";

    /// <summary>What is placed there; null: what is there, or the default.</summary>
    public string? OptionsFrom { get; init; }

    public string ShimPath => Path.Combine(BinFolder, ShimName);
}
