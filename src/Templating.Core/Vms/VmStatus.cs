using System.Runtime.CompilerServices;
using Templating.Core.Diagnostics;

namespace Templating.Core.Vms;

/// <summary>A VM's state: one legal step at a time, told to all who watch.</summary>
/// <param name="first">The first view, of the owner's own kind; changes keep its kind.</param>
/// <param name="changed">Told of each change, in their order, before anybody else sees it. Must not wait.</param>
internal sealed class VmStatus(VmView first, Action<VmView>? changed = null)
{
    private readonly Lock _lock = new();
    private readonly Broadcaster<VmView> _changes = new();
    private volatile VmView _view = first;
    private Action<VmView>? _changed = changed;

    public VmView View => _view;

    /// <summary>Changes it where the step to the new state is legal; a view that stays in its state may change until the end.</summary>
    /// <returns>False where it was not legal; nothing is changed then.</returns>
    public bool TryChange(Func<VmView, VmView> change)
    {
        lock (_lock)
        {
            var next = change(_view);
            if (next.State == _view.State ? VmTransitions.IsEnd(next.State) : !VmTransitions.Next[_view.State].Contains(next.State))
            {
                return false;
            }

            if (next == _view)
            {
                return true;
            }

            // Within the lock: all get the changes in their order.
            _changed?.Invoke(next);
            _view = next;
            _changes.Publish(next);
            return true;
        }
    }

    /// <summary>Makes it another owner's, who is told of what follows, while it waits for one.</summary>
    /// <param name="adopt">From the view there is to one of the new owner's kind, in the same state.</param>
    /// <param name="changed">As the first owner's.</param>
    /// <returns>False where it waits for nobody: nothing is changed then.</returns>
    public bool TryHandOver(Func<VmView, VmView> adopt, Action<VmView> changed)
    {
        lock (_lock)
        {
            if (_view.State is not (VmState.Prepared or VmState.Restored))
            {
                return false;
            }

            (_changed, _view) = (changed, adopt(_view) with { State = _view.State });
            return true;
        }
    }

    /// <summary>The present view and each that follows, until the end.</summary>
    public async IAsyncEnumerable<VmView> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        VmView present;
        IAsyncEnumerable<VmView> changes;
        lock (_lock)
        {
            present = _view;
            changes = _changes.SubscribeAsync(cancellationToken);
        }

        yield return present;
        if (VmTransitions.IsEnd(present.State))
        {
            yield break;
        }

        await foreach (var view in changes)
        {
            yield return view;
            if (VmTransitions.IsEnd(view.State))
            {
                yield break;
            }
        }
    }
}
