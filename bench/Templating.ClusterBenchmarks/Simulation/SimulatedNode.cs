using System.Net;
using Google.Protobuf.WellKnownTypes;
using Templating.Testing.Kubernetes;
using Templating.V1;

namespace Templating.ClusterBenchmarks.Simulation;

/// <summary>
/// Stands for one node's daemon, and takes about as long as one. It has no QEMU, no files, and refuses nothing but a second
/// activation.
/// </summary>
internal sealed class SimulatedNode
{
    /// <summary>QEMU's start and the restore: from a container's start until its VM waits.</summary>
    private static readonly TimeSpan RestoreTime = TimeSpan.FromMilliseconds(100);

    /// <summary>From an activation to its guest's confirmation.</summary>
    private static readonly TimeSpan IdentityTime = TimeSpan.FromMilliseconds(100);

    private int _activations;

    /// <param name="name">The Kubernetes node it stands for.</param>
    /// <param name="address">Of its daemon.</param>
    /// <param name="activated">A pod's VM is ready: its uid.</param>
    public SimulatedNode(string name, IPAddress address, Action<string> activated)
    {
        Address = address;
        Daemon = new ScriptedNode(name)
        {
            OnActivate = (_, cancellationToken) => Task.Delay(IdentityTime, TimeProvider.System, cancellationToken),
            OnReady = pod =>
            {
                Interlocked.Increment(ref _activations);
                activated(pod.PodUid);
            },
        };
    }

    public string Name => Daemon.Name;

    public IPAddress Address { get; }

    public ScriptedNode Daemon { get; }

    /// <summary>VMs that became clones here; a retry of the same is none.</summary>
    public int Activations => Volatile.Read(ref _activations);

    /// <summary>The kubelet asks for a pod's volume.</summary>
    public void Publish(string @namespace, string pod, string uid, string template) => Daemon.SetPod(new VmPod
    {
        Name = $"tenants/{@namespace}/pods/{uid}",
        Tenant = @namespace,
        PodName = pod,
        PodUid = uid,
        Template = Daemon.Templates.FirstOrDefault(t => t.Template_ == template)?.Name ?? "",
        State = PodState.Published,
        PublishTime = Timestamp.FromDateTimeOffset(TimeProvider.System.GetUtcNow()),
    });

    /// <summary>Its container starts: QEMU, the restore, and then it waits.</summary>
    public async Task RestoreAsync(string uid, CancellationToken cancellationToken)
    {
        await Task.Delay(RestoreTime, TimeProvider.System, cancellationToken);
        if (Daemon.FindPod(uid) is { } pod)
        {
            var waiting = pod.Clone();
            waiting.State = PodState.Waiting;
            Daemon.SetPod(waiting);
        }
    }
}
