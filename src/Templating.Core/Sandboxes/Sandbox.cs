using Templating.Core.Clones;
using Templating.Core.Machines;

namespace Templating.Core.Sandboxes;

/// <summary>One sandbox from the moment its id is taken until nothing is left of it.</summary>
/// <param name="name">Its clone's.</param>
/// <param name="ownership">Read and changed within the manager's lock.</param>
/// <param name="process">Its owner; null where that was gone when this daemon began.</param>
internal sealed class Sandbox(CloneName name, Ownership ownership, IProcess? process) : IDisposable
{
    private readonly CancellationTokenSource _over = new();
    private readonly Lock _lock = new();
    private TaskCompletionSource<string>? _displaced;
    private bool _isDisposed;

    public CloneName Name => name;

    public Ownership Ownership => ownership;

    public IProcess? Process => process;

    /// <summary>Its clone, once that is ready; faults where it does not get so far.</summary>
    public TaskCompletionSource<CloneView> Started { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Why it ended, once nothing is left of it.</summary>
    public TaskCompletionSource<string> Gone { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>How long its guest may take to power off.</summary>
    public TimeSpan Grace { get; set; }

    public CancellationToken Over => _over.Token;

    /// <summary>What follows from its being over begins.</summary>
    public void Break()
    {
        lock (_lock)
        {
            if (!_isDisposed)
            {
                // Whoever listens does not run here.
                _ = _over.CancelAsync();
            }
        }
    }

    /// <summary>Done when the call that holds it from now on does so no more. Tells the one before. Within the lock.</summary>
    public Task<string> Displace()
    {
        var before = _displaced;
        _displaced = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        before?.TrySetResult("another call of its owner holds it now");
        return Task.WhenAny(_displaced.Task, Gone.Task).Unwrap();
    }

    public void Dispose()
    {
        process?.Dispose();
        lock (_lock)
        {
            _isDisposed = true;
            _over.Dispose();
        }
    }
}
