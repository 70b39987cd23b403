namespace Templating.Core.Images;

/// <summary>What an image was made from.</summary>
public enum ImageKind
{
    /// <summary>A tree of files, as erofs.</summary>
    Tree,

    /// <summary>A file that was an image already.</summary>
    File,
}
