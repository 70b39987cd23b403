using Templating.Contract;

namespace Templating.Core.Templates;

/// <summary>
/// Which files of the node a caller may have read for it. The daemon runs as root: without a rule whoever may build a
/// template could have it read any file, such as /etc/shadow, into a guest of theirs.
/// </summary>
public sealed record GuestFilePolicy
{
    /// <summary>Any file: only for a caller who is root on this node and could read it anyway.</summary>
    public static GuestFilePolicy Anywhere { get; } = new() { Folders = null };

    /// <summary>
    /// Folders that guest files must lie in, at any depth, once all symbolic links are resolved. Absolute. Default
    /// <see cref="Defaults.GuestFolders"/>; an empty list allows no file, null allows any.
    /// </summary>
    public IReadOnlyList<string>? Folders { get; init; } = Defaults.GuestFolders;

    /// <param name="resolvedPath">A path without symbolic links.</param>
    public bool Allows(string resolvedPath) => Folders is null || Folders.Any(folder =>
        resolvedPath.StartsWith(Resolve(folder).TrimEnd('/') + "/", StringComparison.Ordinal));

    /// <summary>The operator's folder may itself be reached through links; those are the operator's.</summary>
    private static string Resolve(string folder) => GuestFiles.ResolveFolder(folder) ?? folder;
}
