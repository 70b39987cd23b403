using System.Runtime.CompilerServices;
using Templating.Core.Diagnostics;

namespace Templating.Core.Pods;

/// <summary>A pod's state: one legal step at a time, told to all who watch.</summary>
internal sealed class PodStatus(PodView first)
{
    private readonly Lock _lock = new();
    private readonly Broadcaster<PodView> _changes = new();
    private PodView _view = first;

    public PodView View
    {
        get
        {
            lock (_lock)
            {
                return _view;
            }
        }
    }

    /// <summary>Changes it where the step to the new state is legal; a view that stays in its state may always change.</summary>
    /// <returns>False where it was not legal; nothing is changed then.</returns>
    public bool TryChange(Func<PodView, PodView> change)
    {
        lock (_lock)
        {
            var next = change(_view);
            if (next.State != _view.State && !PodOperations.Next[_view.State].Contains(next.State))
            {
                return false;
            }

            _view = next;
            // Within the lock: watchers get the changes in their order.
            _changes.Publish(next);
            return true;
        }
    }

    /// <summary>The present view and each that follows, until the end.</summary>
    public async IAsyncEnumerable<PodView> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        PodView present;
        IAsyncEnumerable<PodView> changes;
        lock (_lock)
        {
            present = _view;
            changes = _changes.SubscribeAsync(cancellationToken);
        }

        yield return present;
        if (PodOperations.IsEnd(present.State))
        {
            yield break;
        }

        await foreach (var view in changes)
        {
            yield return view;
            if (PodOperations.IsEnd(view.State))
            {
                yield break;
            }
        }
    }
}
