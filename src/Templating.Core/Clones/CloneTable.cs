using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Templating.Core.Diagnostics;
using Templating.Core.Errors;
using Templating.Core.Machines;
using Templating.Core.Requests;
using Templating.Core.Vms;

namespace Templating.Core.Clones;

/// <summary>All clones of the node: looks them up, writes their records, tells watchers, takes them apart.</summary>
internal sealed class CloneTable(RequestLog<Clone> requests, TimeProvider time, ILogger logger)
{
    private readonly ConcurrentDictionary<CloneName, Clone> _clones = new();
    private readonly Broadcaster<Change<CloneView>> _changes = new(Changes.Merging<CloneView>(view => view.Name.ToString(), BytesOf));

    /// <summary>What a caller chose, two bytes for a character, and the rest.</summary>
    private static long BytesOf(CloneView view) => 1024 + (2L * view.StateReason.Length) + view.Labels.Sum(label => 2L * (label.Key.Length + label.Value.Length));

    public IEnumerable<Clone> All => _clones.Values;

    public IAsyncEnumerable<Change<CloneView>> SubscribeAsync(CancellationToken cancellationToken) =>
        _changes.SubscribeAsync(cancellationToken);

    public Clone Get(CloneName name) => _clones.TryGetValue(name, out var clone)
        ? clone
        : throw new TemplatingException(ErrorCode.CloneNotFound, $"There is no {name}. 'templating clone list' shows those there are.");

    /// <summary>Null where it is not there any more, be there a later one of its name or none.</summary>
    public Clone? Find(CloneView view) =>
        _clones.TryGetValue(view.Name, out var clone) && clone.View.Generation == view.Generation ? clone : null;

    /// <exception cref="TemplatingException">CloneAlreadyExists.</exception>
    public void RequireFree(CloneName name)
    {
        if (_clones.ContainsKey(name))
        {
            throw Exists(name);
        }
    }

    /// <exception cref="TemplatingException">CloneAlreadyExists.</exception>
    public void Add(Clone clone)
    {
        if (!_clones.TryAdd(clone.Name, clone))
        {
            throw Exists(clone.Name);
        }

        _changes.Publish(new Change<CloneView>(ChangeKind.Added, clone.View));
    }

    /// <summary>
    /// Writes the clone's record and tells watchers. Before it is ready there is no record: the next daemon ends what was
    /// never ready, and finds it by its folder alone, so that a start need not wait for the disk.
    /// </summary>
    /// <exception cref="IOException">Its first record cannot be written: a clone that a restart would lose is not ready.</exception>
    public void Changed(Clone clone, CloneView view)
    {
        if (VmTransitions.IsEnd(view.State))
        {
            clone.NoteEnd(time);
            if (clone.IsBeingRemoved)
            {
                // Its removal is told when it is done.
                return;
            }

            KeepConsole(clone);
        }

        try
        {
            clone.RecordFault = null;
            if (clone.EndedAt is null ? view.ReadyAt is not null : clone.IsTold)
            {
                // That one is silent is not written down: the next daemon, of whatever version, asks for itself. What was changed of it is.
                CloneRecordFile.Write(
                    clone.Folder.Path, clone.Record(view.State == VmState.NotAnswering ? view with { State = VmState.Running, StateReason = "" } : view));
                clone.IsRecorded = true;
            }
        }
        catch (Exception e) when ((clone.IsRecorded || clone.EndedAt is not null) && e is IOException or UnauthorizedAccessException)
        {
            // It is over, or well and found by its older record: failing its caller would lose more than a restart might.
            clone.RecordFault = e;
            logger.RecordNotWritten(e, view.Name);
        }

        _changes.Publish(new Change<CloneView>(ChangeKind.Modified, view));
    }

    /// <summary>
    /// Ends its VM whatever it is doing, and removes what is left of it. Who is more impatient than the one before makes the
    /// grace shorter. Nobody's going away stops it.
    /// </summary>
    /// <returns>Null where the node stops and its VM lives on.</returns>
    public Task<VmEnd?> RemoveAsync(Clone clone, TimeSpan grace, string? why = null)
    {
        var removal = clone.RemoveOnce(() => RemoveOnceAsync(clone, grace, why));
        _ = clone.Life.EndAsync(grace);
        return removal;
    }

    /// <summary>Ends a VM that a clone passed over, or never came to have, and removes what is left of it.</summary>
    public async Task DropAsync(CloneName name, VmLife life, VmFolder folder)
    {
        if (await life.EndAsync(TimeSpan.Zero) is not null)
        {
            RemoveFolder(name, folder);
        }
    }

    private void RemoveFolder(CloneName name, VmFolder folder)
    {
        try
        {
            if (Directory.Exists(folder.Path))
            {
                Directory.Delete(folder.Path, recursive: true);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            logger.CleanUpFailed(e, name);
        }
    }

    private static TemplatingException Exists(CloneName name) => new(
        ErrorCode.CloneAlreadyExists, $"{name} exists already. Choose another id, leave it out, or delete that clone.");

    /// <summary>In its folder, where there may be thousands that have ended, and where the next daemon finds it.</summary>
    private void KeepConsole(Clone clone)
    {
        if (clone.Life?.Printed is not { } printed)
        {
            return;
        }

        try
        {
            CloneConsoleFile.Write(clone.Folder.Path, printed);
            clone.Life.Printed = null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // In memory for as long as this daemon lives: 64 KiB at most.
            logger.ConsoleNotKept(e, clone.Name);
        }
    }

    private async Task<VmEnd?> RemoveOnceAsync(Clone clone, TimeSpan grace, string? why)
    {
        if (await clone.Life.EndAsync(grace, why) is not { } end)
        {
            return null;
        }

        RemoveFolder(clone.Name, clone.Folder);
        // Not by its id: a new try may run under that by now.
        requests.ForgetGone();
        _clones.TryRemove(KeyValuePair.Create(clone.Name, clone));
        _changes.Publish(new Change<CloneView>(ChangeKind.Deleted, clone.View));
        return end;
    }
}
