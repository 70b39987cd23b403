using System.ComponentModel.DataAnnotations;
using Templating.Core.Images;

namespace Templating.Node.Options;

/// <summary>Images that are plugged into clones.</summary>
public sealed class ImagesOptions
{
    /// <summary>Folders of the node in which what is published has to lie, at any depth. Empty, the default: nothing may be published.</summary>
    [AbsolutePath]
    public IList<string> Folders { get; set; } = [];

    /// <summary>The most bytes that an image may have. Default 16 GiB; 2 MiB to 1 TiB.</summary>
    [Range(2L << 20, 1L << 40)]
    public long MaxBytes { get; set; } = ImageOptions.DefaultMaxBytes;

    /// <summary>The most files, folders and links that one may have in it. Default 1,000,000; at most 5,000,000.</summary>
    [Range(1, 5_000_000)]
    public int MaxInodes { get; set; } = (int)ImageOptions.DefaultMaxInodes;

    /// <summary>How long the making of one may take. Default 2 minutes; 1 s to 1 h.</summary>
    [Duration(1, 3600)]
    public TimeSpan BuildTimeout { get; set; } = ImageOptions.DefaultBuildTimeout;

    /// <summary>Bytes that all may have before those that no clone holds go, the longest unused first. Default 20 GiB; 2 MiB to 1 PiB.</summary>
    [Range(2L << 20, 1L << 50)]
    public long CacheBytes { get; set; } = ImageOptions.DefaultCacheBytes;
}
