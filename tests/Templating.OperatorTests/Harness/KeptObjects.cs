using k8s;
using k8s.Models;
using Templating.Operator.Cluster;

namespace Templating.OperatorTests.Harness;

/// <summary>An informer's store without the informer: what a test puts there.</summary>
internal sealed class KeptObjects<T>(IReadOnlyDictionary<string, Func<T, IEnumerable<string>>>? indexers = null) : ICache<T>
    where T : class, IKubernetesObject<V1ObjectMeta>
{
    private readonly ObjectStore<T> _store = new(indexers ?? new Dictionary<string, Func<T, IEnumerable<string>>>(StringComparer.Ordinal));
    private long _version;

    public T? Get(ObjectKey key) => _store.Get(key);

    public IReadOnlyList<T> List(string? @namespace = null) => _store.List(@namespace);

    public IReadOnlyList<T> Find(string index, string value) => _store.Find(index, value);

    public int Count(string index, string value) => _store.CountOf(index, value);

    public void Remember(T item) => _store.Remember(item, out _);

    /// <summary>As the watch would tell it, later than all before it.</summary>
    public void Tell(T item)
    {
        item.Metadata.ResourceVersion = $"{++_version}";
        _store.Set(item, out _);
    }

    public void TellGone(T item) => _store.Remove(ObjectKey.Of(item), ++_version, out _);
}
