namespace Templating.Core.Images;

/// <summary>What an image is made of; the paths are those of the request, not yet judged.</summary>
public abstract record ImageSource
{
    private ImageSource()
    {
    }

    /// <summary>Folders that are one on top of the other, as an overlay's lowerdirs: the first hides the others. They never change.</summary>
    public sealed record Layers(IReadOnlyList<string> Paths) : ImageSource;

    /// <summary>A folder as it is now.</summary>
    public sealed record Folder(string Path) : ImageSource;

    /// <summary>An image that is one already: a filesystem of any kind.</summary>
    public sealed record File(string Path) : ImageSource;
}
