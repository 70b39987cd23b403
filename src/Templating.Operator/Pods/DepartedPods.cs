using System.Collections.Concurrent;
using k8s.Autorest;
using k8s.Models;
using Templating.Contract;
using Templating.Kubernetes;
using Templating.Operator.Cluster;

namespace Templating.Operator.Pods;

/// <summary>
/// Why pods that are gone were taken away. A pod's last state has it, and comes with its deletion: one that went between two
/// looks at its VMClone would otherwise leave no trace. Servers before 1.26 tell of some in Events alone.
/// </summary>
internal sealed class DepartedPods : IDisposable
{
    /// <summary>Long after its VMClone was looked at for it.</summary>
    private static readonly TimeSpan Kept = TimeSpan.FromMinutes(10);

    private readonly ClusterApi _api;
    private readonly ICache<V1Node> _nodes;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly IDisposable _subscription;

    /// <summary>By uid. Only those of VMClones, and only where something was said.</summary>
    private readonly ConcurrentDictionary<string, (PodOutcome Why, TimeSpan At)> _known = new(StringComparer.Ordinal);

    public DepartedPods(Caches caches, ClusterApi api, ICache<V1Node> nodes, TimeProvider time, ILogger<DepartedPods> logger)
    {
        (_api, _nodes, _time, _logger) = (api, nodes, time, logger);
        _subscription = caches.Pods.Subscribe((before, after) =>
        {
            if (after is null && before is not null)
            {
                Keep(before);
            }
        });
    }

    /// <returns>What the last state of a pod said that this process saw go; null where it said nothing.</returns>
    public PodOutcome? Known(string uid) => _known.TryGetValue(uid, out var known) ? known.Why : null;

    /// <summary>How the VM of a pod ended that somebody deleted, and whose last state says nothing.</summary>
    public async Task<PodOutcome> AskAsync(ObjectKey pod, string uid, string? node, CancellationToken cancellationToken) =>
        await FromEventsAsync(pod, uid, cancellationToken) ?? PodOutcome.Deleted(pod.Name, Hint(node));

    public void Dispose() => _subscription.Dispose();

    private void Keep(V1Pod pod)
    {
        if (pod.Label(Keys.CloneLabel) is null || PodDisruption.Of(pod) is not { } why)
        {
            return;
        }

        var now = _time.Steady();
        _known[pod.Metadata.Uid] = (why, now);
        foreach (var (uid, (_, at)) in _known)
        {
            if (now - at > Kept)
            {
                _known.TryRemove(uid, out _);
            }
        }
    }

    private async Task<PodOutcome?> FromEventsAsync(ObjectKey pod, string uid, CancellationToken cancellationToken)
    {
        var path = $"{ResourceType.Of<Corev1Event>().Collection(pod.Namespace)}?fieldSelector={Uri.EscapeDataString($"involvedObject.uid={uid}")}";
        try
        {
            var told = await _api.SendAsync<ItemList<Corev1Event>>(HttpMethod.Get, path, null, null, cancellationToken);
            return told.Items.Select(PodDisruption.OfEvent).FirstOrDefault(why => why is not null);
        }
        catch (Exception e) when (e is HttpOperationException || ClusterErrors.KindOf(e) != ClusterErrorKind.None)
        {
            // Of a pod that is gone whatever it was: better told without its reason than not at all.
            Log.EventsNotRead(_logger, pod, e.Message);
            return null;
        }
    }

    /// <summary>A drain deletes pods, and servers before 1.26 leave no other trace of it.</summary>
    private string Hint(string? node) => node is not null && _nodes.Get(new ObjectKey("", node)) is { Spec.Unschedulable: true }
        ? $"Its node '{node}' is cordoned, as kubectl drain does."
        : "";
}
