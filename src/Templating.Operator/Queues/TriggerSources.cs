using k8s;
using k8s.Models;
using Templating.Kubernetes.Resources;
using Templating.Operator.Cluster;
using Templating.Operator.Nodes;
using Templating.Operator.Reconcilers;

namespace Templating.Operator.Queues;

/// <summary>Connects triggers with the informers and the nodes they are about.</summary>
internal sealed class TriggerSources(Caches caches, INodeChanges nodes)
{
    /// <param name="changed">Gets each key a change concerns.</param>
    public IDisposable Subscribe(IEnumerable<Trigger> triggers, Action<ObjectKey> changed) =>
        new Subscriptions([.. triggers.Select(trigger => trigger switch
        {
            ObjectTrigger<VMTemplate> on => On(caches.Templates, on, changed),
            ObjectTrigger<VMPool> on => On(caches.Pools, on, changed),
            ObjectTrigger<VMClone> on => On(caches.Clones, on, changed),
            ObjectTrigger<V1Pod> on => On(caches.Pods, on, changed),
            ObjectTrigger<V1Node> on => On(caches.Nodes, on, changed),
            ObjectTrigger<V1CSINode> on => On(caches.CsiNodes, on, changed),
            NodeTrigger on => nodes.Subscribe(change => Each(on.Keys(change), changed)),
            _ => throw new ArgumentException($"There is no informer for {trigger.GetType()}.", nameof(triggers)),
        })]);

    /// <summary>The keys of everything that exists now.</summary>
    public IEnumerable<ObjectKey> Existing(IEnumerable<Trigger> triggers) => triggers.SelectMany(trigger => trigger switch
    {
        ObjectTrigger<VMTemplate> on => caches.Templates.List().SelectMany(on.Keys),
        ObjectTrigger<VMPool> on => caches.Pools.List().SelectMany(on.Keys),
        ObjectTrigger<VMClone> on => caches.Clones.List().SelectMany(on.Keys),
        ObjectTrigger<V1Pod> on => caches.Pods.List().SelectMany(on.Keys),
        ObjectTrigger<V1Node> on => caches.Nodes.List().SelectMany(on.Keys),
        // Nodes tell what they have when they are synced, and what exists names its nodes.
        _ => [],
    });

    private static IDisposable On<T>(Informer<T> informer, ObjectTrigger<T> trigger, Action<ObjectKey> changed)
        where T : class, IKubernetesObject<V1ObjectMeta> => informer.Subscribe((before, after) =>
        {
            // What it was about before matters too: a pod that left its pool concerns that pool.
            Each(before is null ? [] : trigger.Keys(before), changed);
            Each(after is null ? [] : trigger.Keys(after), changed);
        });

    private static void Each(IEnumerable<ObjectKey> keys, Action<ObjectKey> changed)
    {
        foreach (var key in keys)
        {
            changed(key);
        }
    }

    private sealed class Subscriptions(IReadOnlyList<IDisposable> all) : IDisposable
    {
        public void Dispose()
        {
            foreach (var one in all)
            {
                one.Dispose();
            }
        }
    }
}
