using k8s;
using k8s.Models;
using Templating.Kubectl.Load.Api;
using Templating.Kubectl.Load.Recipes;
using Templating.Kubectl.Load.Samples;
using Templating.Kubernetes.Resources;

namespace Templating.Kubectl.Load.Running;

/// <summary>One watch for each kind and namespace that a recipe touches; what they see goes to the ledger.</summary>
internal sealed class RunWatches : IAsyncDisposable
{
    private readonly CancellationTokenSource _end = new();
    private readonly Ledger _ledger;
    private readonly LoadApi _api;
    private readonly TimeProvider _time;
    private readonly List<Task> _synced = [];
    private readonly List<Task> _following = [];

    public RunWatches(LoadApi api, Recipe recipe, IReadOnlyList<string> namespaces, string run, Ledger ledger, TimeProvider time)
    {
        (_api, _ledger, _time) = (api, ledger, time);
        var pools = recipe.Subjects.Select(s => s.Pool).OfType<string>().ToHashSet(StringComparer.Ordinal);
        foreach (var ns in namespaces)
        {
            if (recipe.Subjects.Any(s => !s.IsPod))
            {
                Follow<VMClone>(LoadKind.Clones, ns, LoadObjects.Selector(run), isPod: false, Observation.Of);
            }

            if (recipe.Subjects.Any(s => s.IsPod))
            {
                Follow<V1Pod>(LoadKind.Pods, ns, LoadObjects.Selector(run), isPod: true, Observation.Of);
            }

            if (pools.Count > 0)
            {
                Start(new ObjectWatch<VMPool>(api, LoadKind.Pools, ns, "", time, pool => See(pool, pools), _ => { }));
            }
        }

        Ended = Task.WhenAny(_following).Unwrap();
    }

    /// <summary>All have their first list.</summary>
    public Task Synced => Task.WhenAll(_synced);

    /// <summary>Fails where one of them cannot go on.</summary>
    public Task Ended { get; }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        // Who waited for them was told how they failed.
        await Task.WhenAll(_following).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _end.Dispose();
    }

    private void Follow<T>(LoadKind kind, string @namespace, string selector, bool isPod, Func<T, Observation> observe)
        where T : class, IKubernetesObject<V1ObjectMeta> => Start(new ObjectWatch<T>(
            _api, kind, @namespace, selector, _time,
            seen: item => _ledger.Find(isPod, @namespace, item.Metadata.Name)?.See(observe(item), _ledger.Now),
            gone: item => _ledger.Find(isPod, @namespace, item.Metadata.Name)?.SeeGone(_ledger.Now),
            listed: names =>
            {
                foreach (var missing in _ledger.Of(isPod, @namespace).Where(t => t.WasSeen && !t.Has(Moment.Gone) && !names.Contains(t.Name)))
                {
                    missing.SeeGone(_ledger.Now);
                }
            }));

    private void Start<T>(ObjectWatch<T> watch)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        _synced.Add(watch.Synced);
        _following.Add(watch.RunAsync(_end.Token));
    }

    private void See(VMPool pool, HashSet<string> names)
    {
        if (names.Contains(pool.Metadata.Name))
        {
            _ledger.Add(new PoolLevel(
                Math.Round(_ledger.Now.TotalSeconds, 6), $"{pool.Metadata.NamespaceProperty}/{pool.Metadata.Name}", pool.Spec.Replicas ?? 1,
                pool.Status?.ReadyReplicas ?? 0, pool.Status?.StartingReplicas ?? 0, pool.Status?.ClaimedReplicas ?? 0));
        }
    }
}
