using Templating.OwnerPort.Conversations;
using Templating.OwnerPort.Errors;
using Templating.OwnerPort.Requests;
using Templating.Shim.Specs;

namespace Templating.Shim.Volumes;

/// <summary>One copy in the guest, and what of it is there. By one caller at a time.</summary>
internal sealed class CopiedVolume(OwnerPortConnection guest, VolumeCopy what)
{
    private const uint NotThere = 2;
    private const ushort Permissions = 0xFFF;

    /// <summary>Files that are open, and frames that are on the way.</summary>
    private const int AtOnce = 32;

    private readonly Dictionary<string, HostEntry> _placed = new(StringComparer.Ordinal);

    public VolumeCopy What => what;

    /// <summary>
    /// Places what the guest has not, and removes what the host has not any more. Of a folder of kubelet's a reader in the guest sees the
    /// old set of files or the new one: the link is exchanged when the new ones are there.
    /// </summary>
    /// <exception cref="IOException">The host's is not to be read, or changes just now: what has been placed is known, and it may be tried again.</exception>
    public async Task CopyAsync(CancellationToken cancellationToken)
    {
        using var tree = HostTree.Open(what.Source);
        var left = _placed.Keys.ToHashSet(StringComparer.Ordinal);
        left.ExceptWith(tree.Entries.Select(entry => entry.Path));
        foreach (var step in tree.Steps)
        {
            foreach (var some in step.Where(entry => !_placed.TryGetValue(entry.Path, out var there) || !entry.IsSame(there)).Chunk(AtOnce))
            {
                await PlaceAsync(tree, some, cancellationToken);
            }
        }

        await RemoveAsync(left, cancellationToken);
    }

    /// <summary>Takes all of it away.</summary>
    public Task RemoveAsync(CancellationToken cancellationToken) => RemoveAsync([.. _placed.Keys], cancellationToken);

    /// <summary>Side by side: a guest answers one after the other, and none waits for another's answer to come here.</summary>
    private async Task PlaceAsync(HostTree tree, HostEntry[] entries, CancellationToken cancellationToken)
    {
        foreach (var entry in entries)
        {
            if (_placed.TryGetValue(entry.Path, out var there) && Kind(there) != Kind(entry))
            {
                await RemoveAsync([.. _placed.Keys.Where(path => path == entry.Path || path.StartsWith(entry.Path + "/", StringComparison.Ordinal))], cancellationToken);
            }

            // Until it is there as a whole it is not known to be.
            _placed.Remove(entry.Path);
        }

        var placing = Array.ConvertAll(entries, entry => PlaceAsync(tree, entry, cancellationToken));
        var all = Task.WhenAll(placing);
        await all.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (var (entry, _) in entries.Zip(placing).Where(pair => pair.Second.IsCompletedSuccessfully))
        {
            _placed[entry.Path] = entry;
        }

        await all;
    }

    private async Task PlaceAsync(HostTree tree, HostEntry entry, CancellationToken cancellationToken)
    {
        var at = At(entry.Path) with { Mode = (uint)(entry.Stamp.Mode & Permissions), User = entry.Stamp.Uid, Group = entry.Stamp.Gid };
        if (entry.Target is { } target)
        {
            await guest.PlaceLinkAsync(at, target, cancellationToken);
        }
        else if (entry.Stamp.IsFolder)
        {
            await guest.PlaceFolderAsync(at, cancellationToken);
        }
        else
        {
            await using var content = tree.Read(entry);
            await guest.PlaceFileAsync(at, content, cancellationToken);
        }
    }

    /// <summary>What is in a folder before the folder.</summary>
    private async Task RemoveAsync(IEnumerable<string> paths, CancellationToken cancellationToken)
    {
        foreach (var path in paths.OrderByDescending(path => path, StringComparer.Ordinal))
        {
            try
            {
                await guest.RemoveAsync(At(path), cancellationToken);
            }
            catch (GuestRefusedException e) when (e.Errno == NotThere)
            {
                // A container that may write there has removed it.
            }

            _placed.Remove(path);
        }
    }

    private static (bool, bool) Kind(HostEntry entry) => (entry.Stamp.IsFolder, entry.Stamp.IsLink);

    private PlacedPath At(string path) => new(GuestRoots.Volumes, path.Length == 0 ? what.Key : $"{what.Key}/{path}");
}
