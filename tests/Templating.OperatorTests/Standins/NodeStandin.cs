using System.Collections.Concurrent;
using Templating.Operator.Nodes;
using Templating.Operator.Reconcilers;
using Templating.V1;

namespace Templating.OperatorTests.Standins;

/// <summary>A node's daemon within this process: its pods are what the test says, and it keeps count of activations.</summary>
internal sealed class NodeStandin(string name) : INode, INodeDirectory, INodeChanges
{
    private readonly ConcurrentDictionary<string, VmPod> _pods = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<Action<NodeChange>, bool> _watchers = new();

    public string Name => name;

    public bool Synced { get; set; } = true;

    public string? Problem => null;

    public V1.Node? Info => null;

    public IReadOnlyCollection<Template> Templates => [];

    public IReadOnlyCollection<VmPod> Pods => [.. _pods.Values];

    public IReadOnlyCollection<INode> All => [this];

    /// <summary>Every activation asked for, retries too.</summary>
    public ConcurrentQueue<(string PodUid, Activation Activation)> Activations { get; } = new();

    /// <summary>Thrown by the next activations, one each, before anything happens.</summary>
    public ConcurrentQueue<Exception> Refusals { get; } = new();

    public INode? Find(string nodeName) => nodeName == name ? this : null;

    public VmPod? FindPod(string uid) => _pods.GetValueOrDefault(uid);

    public void Tell(k8s.Models.V1Pod pod, PodState state, string requestId = "") => Tell(new VmPod
    {
        Name = $"tenants/{pod.Metadata.NamespaceProperty}/pods/{pod.Metadata.Uid}",
        Tenant = pod.Metadata.NamespaceProperty,
        PodName = pod.Metadata.Name,
        PodUid = pod.Metadata.Uid,
        State = state,
        RequestId = requestId,
    });

    public Task<VmPod> ActivateAsync(ActivatePodRequest request, CancellationToken cancellationToken)
    {
        var pod = _pods.Values.Single(p => p.Name == request.Name);
        Activations.Enqueue((pod.PodUid, request.Activation));
        if (Refusals.TryDequeue(out var refusal))
        {
            throw refusal;
        }

        var active = pod.Clone();
        active.State = PodState.Ready;
        active.RequestId = request.Activation.RequestId;
        active.Id = request.Activation.Id;
        active.Identity = new Identity
        {
            Hostname = request.Activation.Hostname.Length > 0 ? request.Activation.Hostname : request.Activation.Id,
            MachineId = pod.PodUid.Replace("-", "", StringComparison.Ordinal),
        };
        Tell(active);
        return Task.FromResult(active);
    }

    public Task<Template> CreateTemplateAsync(CreateTemplateRequest request, IProgress<CreateTemplateResponse>? progress, CancellationToken cancellationToken) =>
        throw new InvalidOperationException("No test of VM pods builds templates.");

    public Task DeleteTemplateAsync(DeleteTemplateRequest request, CancellationToken cancellationToken) =>
        throw new InvalidOperationException("No test of VM pods deletes templates.");

    public IDisposable Subscribe(Action<NodeChange> changed)
    {
        _watchers[changed] = true;
        return new Subscription(() => _watchers.TryRemove(changed, out _));
    }

    private void Tell(VmPod pod)
    {
        _pods[pod.PodUid] = pod;
        foreach (var watcher in _watchers.Keys)
        {
            watcher(new NodeChange(name, null, pod));
        }
    }

    private sealed class Subscription(Action end) : IDisposable
    {
        public void Dispose() => end();
    }
}
