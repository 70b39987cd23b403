namespace Templating.Core.Downloads;

public sealed record DownloadOptions
{
    /// <summary>Where fetched files are kept by their digest: <c>STORE/downloads</c>.</summary>
    public required string Folder { get; init; }

    /// <summary>
    /// The hosts files may come from: <c>files.example.org</c>, with <c>:8443</c> where the port is not 443, or
    /// <c>*.example.org</c> for every host below one. Empty, the default: none.
    /// </summary>
    public IReadOnlyList<string> Hosts { get; init; } = [];

    /// <summary>PEM file of the authorities to trust instead of the system's; null for those.</summary>
    public string? CaPath { get; init; }

    /// <summary>The largest file, in bytes. Default 16 GiB.</summary>
    public long MaxBytes { get; init; } = 16L << 30;

    /// <summary>Before the first retry; each next one waits twice as long. Default 1 s.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromSeconds(1);
}
