using Templating.Core.Errors;
using Templating.Core.Names;

namespace Templating.Core.Templates;

/// <summary>Who uses which revision, so that none is deleted under a clone that starts at the same moment.</summary>
public sealed class RevisionLeases
{
    private readonly Lock _lock = new();
    private readonly Dictionary<RevisionName, int> _uses = [];
    private readonly HashSet<RevisionName> _deleting = [];

    /// <exception cref="TemplatingException">TemplateNotFound when it is being deleted.</exception>
    public IDisposable Acquire(RevisionName revision)
    {
        lock (_lock)
        {
            if (_deleting.Contains(revision))
            {
                throw new TemplatingException(ErrorCode.TemplateNotFound, $"{revision} is being deleted.");
            }

            _uses[revision] = Count(revision) + 1;
            return new Lease(this, revision);
        }
    }

    public int Count(RevisionName revision)
    {
        lock (_lock)
        {
            return _uses.GetValueOrDefault(revision);
        }
    }

    /// <summary>Null while it is in use; else keeps new users out until disposed.</summary>
    public IDisposable? TryBeginDelete(RevisionName revision)
    {
        lock (_lock)
        {
            return Count(revision) == 0 && _deleting.Add(revision) ? new Deletion(this, revision) : null;
        }
    }

    private void Release(RevisionName revision)
    {
        lock (_lock)
        {
            if (--_uses[revision] == 0)
            {
                _uses.Remove(revision);
            }
        }
    }

    private void EndDelete(RevisionName revision)
    {
        lock (_lock)
        {
            _deleting.Remove(revision);
        }
    }

    private sealed class Lease(RevisionLeases owner, RevisionName revision) : IDisposable
    {
        private int _released;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _released, 1) == 0)
            {
                owner.Release(revision);
            }
        }
    }

    private sealed class Deletion(RevisionLeases owner, RevisionName revision) : IDisposable
    {
        public void Dispose() => owner.EndDelete(revision);
    }
}
