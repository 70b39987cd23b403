using Microsoft.Win32.SafeHandles;

namespace Templating.Core.Images;

/// <summary>Makes one filesystem of a tree of files that others wrote.</summary>
public interface IImageBuilder
{
    /// <summary>Part of each key: with other options, or of another maker, a tree would become another image.</summary>
    string Version { get; }

    /// <summary>Folders, the first on top, as one tree that nobody can change through it.</summary>
    /// <param name="layers">Open folders. Closed by the caller once this returns.</param>
    /// <param name="isOverlay">Whether they are layers of an overlay; else it is one folder, taken as it is.</param>
    /// <returns>The tree's root.</returns>
    SafeFileHandle Merge(IReadOnlyList<SafeFileHandle> layers, bool isOverlay);

    /// <summary>Writes the image of a tree into an empty file of the daemon's own. When it returns or throws, no process has the file open.</summary>
    /// <param name="tree">Of <see cref="Merge"/>.</param>
    /// <param name="path">The file.</param>
    /// <param name="limits">At them the maker is killed.</param>
    /// <param name="cancellationToken">Kills the maker.</param>
    /// <exception cref="Errors.TemplatingException">ImageBuildFailed, DiskFull, HostUnusable.</exception>
    Task BuildAsync(SafeFileHandle tree, string path, ImageLimits limits, CancellationToken cancellationToken);
}

/// <summary>How long the making of an image may take, and how large it may become.</summary>
public sealed record ImageLimits(TimeSpan Time, long Bytes, long Inodes);
