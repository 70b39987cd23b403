namespace Templating.Core.Store;

/// <summary>Bounds of what a store takes in, each with its reason.</summary>
public static class StoreLimits
{
    /// <summary>The only format there is. A reader refuses any other before it looks at the rest.</summary>
    public const int FormatVersion = 1;

    /// <summary>
    /// The manifest of the greatest legal spec stays below it, and nobody makes the daemon parse gigabytes.
    /// </summary>
    public const int ManifestBytes = 1024 * 1024;

    /// <summary>The manifest is four levels deep; nesting beyond that is an attack on the parser's stack.</summary>
    public const int ManifestDepth = 16;

    /// <summary>Of a degraded guest's failed units so many are kept: they are for people.</summary>
    public const int FailedUnits = 16;

    /// <summary>systemd's own limit (UNIT_NAME_MAX).</summary>
    public const int UnitName = 255;

    /// <summary>Device state without RAM: 283 kB in practice. More than 256 MiB is not a state of ours.</summary>
    public const long StateBytes = 256L * 1024 * 1024;
}
