using Templating.Core.Linux;

namespace Templating.Node.Options;

/// <summary>
/// Where the daemon's folders really are. One of them may itself be a symbolic link of the operator's, to a larger disk, say: that
/// one is followed once, here, and none that lies below it ever is.
/// </summary>
internal static class NodeFolders
{
    /// <summary>Puts the folders in the place of links to them. What else is wrong with a path the rules of the options say.</summary>
    /// <exception cref="IOException">A link leads nowhere, or may not be followed.</exception>
    public static void Resolve(NodeOptions options)
    {
        options.StorePath = FileSystem.RealFolder(options.StorePath);
        options.RunPath = FileSystem.RealFolder(options.RunPath);
    }
}
