using Templating.Core.Diagnostics;

namespace Templating.Core.Vms;

/// <summary>A life that rests, and goes on for somebody else than who began it.</summary>
internal sealed partial class VmLife
{
    /// <summary>Takes over one that another process began and that rests: its start has the VM.</summary>
    public void Rest()
    {
        lock (_lock)
        {
            _vm = _start!.Vm;
            Live();
        }
    }

    /// <summary>Makes one that rests another owner's.</summary>
    /// <param name="name">What that calls it.</param>
    /// <param name="adopt">From its view to one of that owner's kind.</param>
    /// <param name="changed">Told of each change from now on; must not wait.</param>
    /// <param name="clock">Of what the new owner waits for.</param>
    /// <returns>False where it has ended, or its end has begun.</returns>
    public bool TryHandOver(string name, Func<VmView, VmView> adopt, Action<VmView> changed, PhaseClock clock)
    {
        lock (_lock)
        {
            if (_ready is not null || _over.Task.IsCompleted || !_status.TryHandOver(adopt, changed))
            {
                return false;
            }

            _name = name;
            _start!.HandOver(clock);
            return true;
        }
    }

    /// <summary>Makes one that rests ready, once. Its end and that of its steps are told as of one that was begun so.</summary>
    /// <param name="activation">What it becomes.</param>
    /// <param name="answer">Fails where it turns out to be silent; before that is known its CPUs do not run.</param>
    public void GoOnFromRest(Activation activation, Task answer)
    {
        lock (_lock)
        {
            _start!.Answer = answer;
            if (View.State == VmState.Prepared && !_over.Task.IsCompleted)
            {
                _restored = Task.Run(() => StepAsync(_start.RestoreAsync), CancellationToken.None);
            }

            if (_over.Task.IsCompleted || !GoOn(activation))
            {
                // It has ended since it was handed over, or is about to, and that is what its owner is told.
                _resumed = Task.FromException(Broken(cause: null));
                _ready = FailedAsync(_resumed);
            }
        }

        async Task<VmView> FailedAsync(Task failed)
        {
            await failed;
            return View;
        }
    }
}
