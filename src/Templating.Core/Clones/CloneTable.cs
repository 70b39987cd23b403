using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Templating.Core.Capacity;
using Templating.Core.Diagnostics;
using Templating.Core.Errors;
using Templating.Core.Templates;

namespace Templating.Core.Clones;

/// <summary>All clones of the node: looks them up, writes their records, tells watchers, takes them apart.</summary>
internal sealed class CloneTable(VmUserPool? users, ILogger logger)
{
    private readonly ConcurrentDictionary<CloneName, Clone> _clones = new();
    private readonly Broadcaster<Change<CloneView>> _changes = new();

    public IEnumerable<Clone> All => _clones.Values;

    public IAsyncEnumerable<Change<CloneView>> SubscribeAsync(CancellationToken cancellationToken) =>
        _changes.SubscribeAsync(cancellationToken);

    public Clone Get(CloneName name) => _clones.TryGetValue(name, out var clone)
        ? clone
        : throw new TemplatingException(ErrorCode.CloneNotFound, $"There is no {name}. 'templating clone list' shows those there are.");

    public void Add(Clone clone)
    {
        if (!_clones.TryAdd(clone.Name, clone))
        {
            throw new TemplatingException(
                ErrorCode.CloneAlreadyExists, $"{clone.Name} exists already. Choose another id, leave it out, or delete that clone.");
        }

        _changes.Publish(new Change<CloneView>(ChangeKind.Added, clone.View));
    }

    /// <summary>
    /// Writes the clone's record and tells watchers. Before it is ready there is no record: the next daemon ends what was
    /// never ready, and finds it by its folder alone, so that a start need not wait for the disk.
    /// </summary>
    public void Changed(Clone clone)
    {
        try
        {
            if (clone.View.ReadyAt is not null || clone.Record.EndedAt is not null)
            {
                CloneRecordFile.Write(clone.Folder.Path, clone.Record);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The clone itself is well; failing its caller for it would lose more than a restart might.
            logger.RecordNotWritten(e, clone.Name);
        }

        _changes.Publish(new Change<CloneView>(ChangeKind.Modified, clone.View));
    }

    /// <summary>Ends its VM if it has one, gives back what it holds, removes its folder. Safe to call again.</summary>
    public async Task RemoveAsync(Clone clone)
    {
        await ReleaseAsync(clone);
        try
        {
            if (Directory.Exists(clone.Folder.Path))
            {
                Directory.Delete(clone.Folder.Path, recursive: true);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            logger.CleanUpFailed(e, clone.Name);
        }

        if (_clones.TryRemove(KeyValuePair.Create(clone.Name, clone)))
        {
            _changes.Publish(new Change<CloneView>(ChangeKind.Deleted, clone.View));
        }
    }

    /// <summary>Ends its VM if it has one and gives back its memory, its user id and its hold on the revision.</summary>
    public async Task ReleaseAsync(Clone clone)
    {
        if (clone.Vm is { } vm)
        {
            await vm.KillAsync();
            await vm.DisposeAsync();
            clone.Vm = null;
        }

        clone.Charge?.Dispose();
        clone.Lease?.Dispose();
        if (clone.Record.User is { } user)
        {
            users?.Return(user.Uid);
            clone.Update(r => r with { User = null });
        }
    }
}
