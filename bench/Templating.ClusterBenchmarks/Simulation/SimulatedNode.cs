using System.Net;
using System.Security.Cryptography;
using System.Text;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Templating.V1;

namespace Templating.ClusterBenchmarks.Simulation;

/// <summary>
/// Stands for one node's daemon with its templates and VM pods: what it answers and what it tells its watchers, and about
/// how long that takes. It has no QEMU, no files, and refuses nothing but a second activation.
/// </summary>
internal sealed class SimulatedNode(string name, IPAddress address, Action<string> activated)
{
    /// <summary>QEMU's start and the restore: from a container's start until its VM waits.</summary>
    private static readonly TimeSpan RestoreTime = TimeSpan.FromMilliseconds(100);

    /// <summary>From an activation to its guest's confirmation.</summary>
    private static readonly TimeSpan IdentityTime = TimeSpan.FromMilliseconds(100);

    private int _activations;

    public string Name => name;

    public IPAddress Address => address;

    public Feed<Template> Templates { get; } = new();

    /// <summary>By the pod's uid.</summary>
    public Feed<VmPod> Pods { get; } = new();

    /// <summary>VMs that became clones here; a retry of the same is none.</summary>
    public int Activations => Volatile.Read(ref _activations);

    public Template Build(CreateTemplateRequest request)
    {
        var revision = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(request.Template)))[..32];
        return Templates.Update(request.Template, _ => new Template
        {
            Name = $"tenants/{request.Tenant}/templates/{request.Template}/revisions/{revision}",
            Tenant = request.Tenant,
            Template_ = request.Template,
            Revision = revision,
            State = TemplateState.Ready,
            Spec = request.Spec,
            CreateTime = Timestamp.FromDateTimeOffset(TimeProvider.System.GetUtcNow()),
            AllocatedBytes = 64 << 20,
            Latest = true,
        });
    }

    /// <summary>The kubelet asks for a pod's volume.</summary>
    public void Publish(string @namespace, string pod, string uid, string template) => Pods.Update(uid, _ => new VmPod
    {
        Name = $"tenants/{@namespace}/pods/{uid}",
        Tenant = @namespace,
        PodName = pod,
        PodUid = uid,
        Volume = "csi-" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(uid))),
        Template = Templates.Find(template)?.Name ?? "",
        State = PodState.Published,
        PublishTime = Timestamp.FromDateTimeOffset(TimeProvider.System.GetUtcNow()),
    });

    /// <summary>Its container starts: QEMU, the restore, and then it waits.</summary>
    public async Task RestoreAsync(string uid, CancellationToken cancellationToken)
    {
        await Task.Delay(RestoreTime, TimeProvider.System, cancellationToken);
        if (Pods.Find(uid) is not null)
        {
            Pods.Update(uid, pod => With(pod!, p => p.State = PodState.Waiting));
        }
    }

    public async Task<VmPod> ActivateAsync(string uid, Activation activation, CancellationToken cancellationToken)
    {
        var mine = false;
        var pod = Pods.Find(uid) is null
            ? throw new RpcException(new Status(StatusCode.NotFound, $"Pod {uid} is not on node {name}."))
            : Pods.Update(uid, pod =>
            {
                if (pod!.RequestId == activation.RequestId)
                {
                    return pod;
                }

                mine = pod.State == PodState.Waiting
                    ? true
                    : throw new RpcException(new Status(StatusCode.FailedPrecondition, $"Pod {uid} is {pod.State}."));
                return With(pod, p => (p.State, p.Id, p.RequestId) = (PodState.Activating, activation.Id, activation.RequestId));
            });
        await Task.Delay(IdentityTime, TimeProvider.System, cancellationToken);
        if (!mine)
        {
            return Pods.Find(uid) ?? pod;
        }

        Interlocked.Increment(ref _activations);
        pod = Pods.Update(uid, before => With(before!, p => Confirm(p, activation)));
        activated(uid);
        return pod;
    }

    private static void Confirm(VmPod pod, Activation activation)
    {
        pod.State = PodState.Ready;
        pod.Identity = new Identity
        {
            Hostname = activation.Hostname.Length > 0 ? activation.Hostname : activation.Id,
            MachineId = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(activation.RequestId)))[..32],
        };
        pod.Network = new NetworkSpec { Forwards = { activation.Forwards } };
        pod.ReadyTime = Timestamp.FromDateTimeOffset(TimeProvider.System.GetUtcNow());
        pod.Phases.Add(new Phase { Name = "resume", Duration = Duration.FromTimeSpan(TimeSpan.FromMilliseconds(1)) });
        pod.Phases.Add(new Phase { Name = "identity", Duration = Duration.FromTimeSpan(IdentityTime) });
    }

    private static VmPod With(VmPod pod, Action<VmPod> change)
    {
        // Watchers may still be sending the one before.
        var next = pod.Clone();
        change(next);
        return next;
    }
}
