using Templating.Shim.Errors;
using Templating.Shim.Host;
using Templating.Shim.Pods;

namespace Templating.Shim.Tasks;

/// <summary>Starts a pod's VM for its first task.</summary>
internal delegate Task<IPod> StartPodAsync(NewTask first, CancellationToken cancellationToken);

/// <summary>The pod that all tasks are of: it comes with the first of them and is told to be over once, whatever ended it.</summary>
internal sealed class PodLife(StartPodAsync start, ShimLog log) : IAsyncDisposable
{
    private volatile IPod? _pod;

    public IPod Pod => _pod ?? throw ShimException.NotFound("The pod's sandbox is not there: its VM has ended, or was never started.");

    public uint Pid => (uint)Pod.Pid;

    /// <summary>The same, of a pod that may not be there: then 0.</summary>
    public uint PidOrNone => (uint)(_pod?.Pid ?? 0);

    /// <param name="first">Its first task.</param>
    /// <param name="over">Called when it is over and given back.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task StartAsync(NewTask first, Action over, CancellationToken cancellationToken)
    {
        if (_pod is not null)
        {
            throw new ShimException(Grpc.Core.StatusCode.AlreadyExists, $"This shim has the pod of another sandbox than {first.Id} already.");
        }

        var pod = await start(first, cancellationToken);
        _pod = pod;
        _ = WatchAsync(pod, over);
    }

    /// <summary>Ends the VM, and leaves the pod to be asked for its process.</summary>
    public Task ReleaseAsync() => Pod.ReleaseAsync();

    /// <summary>As if it had never begun.</summary>
    public async Task ForgetAsync()
    {
        var pod = Pod;
        _pod = null;
        await pod.ReleaseAsync();
        await pod.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_pod is not null)
        {
            await ForgetAsync();
        }
    }

    private async Task WatchAsync(IPod pod, Action over)
    {
        await pod.Ended;
        try
        {
            await pod.ReleaseAsync();
        }
        catch (ShimException e)
        {
            log.Warning($"The pod's VM could not be given back: {e.Message}");
        }

        over();
    }
}
