using System.Collections.Concurrent;
using Templating.Contract;
using Templating.Core.Diagnostics;
using Templating.Core.Errors;
using Templating.Core.Machines;
using Templating.Core.Store;
using Templating.Core.Templates;
using Templating.Core.Vms;

namespace Templating.Node.Kubernetes.Volumes;

/// <summary>
/// The volumes of VM pods: each has one revision's files, and a lease on it until it goes. All of it is idempotent, since a
/// kubelet asks until it is told that all is well, and survives the daemon, whose mounts are the node's.
/// </summary>
public sealed class VolumeManager
{
    /// <summary>About what a view costs: names and paths.</summary>
    private const long ViewBytes = 1024;

    private readonly VolumeOptions _options;
    private readonly TemplateStore _store;
    private readonly RevisionLeases _leases;
    private readonly IVmm _vmm;
    private readonly FirstPages _pages;
    private readonly IVolumeMounts _mounts;
    private readonly TimeProvider _time;
    private readonly ILogger<VolumeManager> _logger;
    private readonly VolumeRecords _records;
    private readonly ConcurrentDictionary<string, Entry> _volumes = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, bool> _busy = new(StringComparer.Ordinal);
    private readonly Broadcaster<Change<VolumeView>> _changes = new(Changes.Merging<VolumeView>(view => view.Id, _ => ViewBytes));

    public VolumeManager(
        VolumeOptions options, TemplateStore store, RevisionLeases leases, IVmm vmm, FirstPages pages, IVolumeMounts mounts, TimeProvider time,
        ILogger<VolumeManager> logger)
    {
        (_options, _store, _leases, _vmm, _pages, _mounts, _time, _logger) = (options, store, leases, vmm, pages, mounts, time, logger);
        _records = new VolumeRecords(options.RecordFolder);
    }

    /// <summary>Takes over what the daemon before this one published, and undoes what it left half. Once, at start.</summary>
    public void Recover()
    {
        _records.MakeFolder();
        var swept = 0;
        foreach (var record in _records.ReadAll(_logger.VolumeRecordBroken))
        {
            if (record.Complete && _mounts.IsMounted(record.View.TargetPath))
            {
                _volumes[record.View.Id] = new Entry(record.View, TryLease(record.View));
            }
            else if (Undo(record.View))
            {
                swept++;
            }
        }

        _logger.VolumesRecovered(_volumes.Count, swept);
    }

    /// <summary>Nothing happens where it is published there already.</summary>
    /// <exception cref="TemplatingException">
    /// InvalidArgument. TemplateNotFound, TemplateCorrupt, TemplateStale. IllegalState: the id is published elsewhere. VolumeBusy.
    /// </exception>
    public async Task<VolumeView> PublishAsync(PublishVolume volume, CancellationToken cancellationToken)
    {
        VolumeRules.Check(volume, _options.TargetRoot);
        using var turn = Enter(volume.Id);
        if (_volumes.TryGetValue(volume.Id, out var known))
        {
            if (!string.Equals(known.View.TargetPath, volume.TargetPath, StringComparison.Ordinal))
            {
                throw new TemplatingException(
                    ErrorCode.IllegalState, $"Volume {volume.Id} is published at {known.View.TargetPath}; unpublish it there first.");
            }

            if (_mounts.IsMounted(volume.TargetPath))
            {
                return known.View;
            }

            // Somebody unmounted it behind our back: as if it had never been.
            Forget(known);
        }

        var revision = VolumeTemplate.Choose(_store, volume);
        var lease = _leases.Acquire(revision.Name);
        try
        {
            await VolumeTemplate.RequireFreshAsync(_vmm, revision, cancellationToken);
            await _store.EnsureVerifiedAsync(revision, cancellationToken);
            // The pod's process comes next, and has a second of containerd's until its QEMU looks for its pages.
            _ = _pages.Fetch(VmSource.Of(revision, _store));
            var view = new VolumeView(
                volume.Id, volume.TargetPath, volume.Tenant, volume.PodName, volume.PodUid, revision.Name, _time.GetUtcNow());
            Mount(view, revision);
            _volumes[view.Id] = new Entry(view, lease);
            lease = null;
            _logger.VolumePublished(view.Id, view.Revision.ToString(), view.Tenant, view.PodName);
            _changes.Publish(new Change<VolumeView>(ChangeKind.Added, view));
            return view;
        }
        finally
        {
            lease?.Dispose();
        }
    }

    /// <summary>Does nothing for a volume that is not there.</summary>
    /// <exception cref="TemplatingException">InvalidArgument. IllegalState: something of somebody else's is in its place. VolumeBusy.</exception>
    public void Unpublish(string id, string targetPath)
    {
        VolumeRules.Check(id, targetPath, _options.TargetRoot);
        using var turn = Enter(id);
        try
        {
            _mounts.Unmount(targetPath);
        }
        catch (IOException e)
        {
            throw HostFailure.Find(e) ?? new TemplatingException(ErrorCode.IllegalState, e.Message, e);
        }

        if (_volumes.TryGetValue(id, out var known) && string.Equals(known.View.TargetPath, targetPath, StringComparison.Ordinal))
        {
            _records.Delete(id);
            Forget(known);
            _logger.VolumeUnpublished(id);
        }
        else if (known is null)
        {
            // Of a publication that a kill ended.
            _records.Delete(id);
        }
    }

    public IReadOnlyList<VolumeView> List() => [.. _volumes.Values.Select(entry => entry.View)];

    /// <summary>Every change from now on. Subscribe before <see cref="List"/> to miss none.</summary>
    public IAsyncEnumerable<Change<VolumeView>> WatchAsync(CancellationToken cancellationToken) => _changes.SubscribeAsync(cancellationToken);

    /// <exception cref="TemplatingException">VolumeNotFound.</exception>
    public VolumeHealth Inspect(string id)
    {
        var view = _volumes.TryGetValue(id, out var entry)
            ? entry.View
            : throw new TemplatingException(ErrorCode.VolumeNotFound, $"Volume {Quote.Text(id)} is not published on this node.");
        var revision = _store.Find(view.Revision.Template, view.Revision.Revision);
        var bytes = revision is null
            ? 0
            : revision.Manifest.Memory.Size + revision.Manifest.State.Size + revision.Manifest.Images.DistinctBy(i => i.Sha256, StringComparer.Ordinal).Sum(i => i.Size);
        var problem = revision is null ? $"{view.Revision} is gone from the node's store."
            : _store.FindProblem(view.Revision) is { } fault ? $"{view.Revision} is corrupt: {fault}"
            : _mounts.IsMounted(view.TargetPath) ? null
            : $"Nothing is mounted at {view.TargetPath} any more.";
        return new VolumeHealth(bytes, problem);
    }

    private void Mount(VolumeView view, Revision revision)
    {
        var record = new VolumeRecord { FormatVersion = VolumeRecord.CurrentVersion, View = view, Complete = false };
        _records.Write(record);
        var complete = false;
        try
        {
            // What a killed daemon left there, or a volume whose record was lost.
            if (_mounts.IsMounted(view.TargetPath))
            {
                _mounts.Unmount(view.TargetPath);
            }

            _mounts.Mount(view.TargetPath, VolumeFiles.Of(revision, _store.ImagePath));
            _records.Write(record with { Complete = true });
            complete = true;
        }
        finally
        {
            if (!complete)
            {
                Undo(view);
            }
        }
    }

    /// <summary>False where it could not be done: the record then stays for the next start.</summary>
    private bool Undo(VolumeView view)
    {
        try
        {
            _mounts.Unmount(view.TargetPath);
            _records.Delete(view.Id);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _logger.VolumeUndoFailed(view.Id, view.TargetPath, e.Message);
            return false;
        }
    }

    private void Forget(Entry entry)
    {
        _volumes.TryRemove(entry.View.Id, out _);
        entry.Lease?.Dispose();
        _changes.Publish(new Change<VolumeView>(ChangeKind.Deleted, entry.View));
    }

    private IDisposable? TryLease(VolumeView view)
    {
        if (_store.Find(view.Revision.Template, view.Revision.Revision) is not null)
        {
            return _leases.Acquire(view.Revision);
        }

        _logger.VolumeWithoutRevision(view.Id, view.Revision.ToString());
        return null;
    }

    private Turn Enter(string id) => _busy.TryAdd(id, value: true)
        ? new Turn(_busy, id)
        : throw new TemplatingException(ErrorCode.VolumeBusy, $"Another operation on volume {id} is under way.") { RetryAfter = TimeSpan.FromSeconds(1) };

    /// <param name="Lease">Null where the revision is gone from the store.</param>
    private sealed record Entry(VolumeView View, IDisposable? Lease);

    private sealed class Turn(ConcurrentDictionary<string, bool> busy, string id) : IDisposable
    {
        public void Dispose() => busy.TryRemove(id, out _);
    }
}
