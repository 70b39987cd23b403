using System.Globalization;
using k8s;
using k8s.Models;

namespace Templating.Operator.Cluster;

/// <summary>
/// Objects of one kind with their indexes, as the API server had them at a resource version. Thread-safe. Resource versions
/// are compared as numbers, which Kubernetes promises for all but aggregated APIs since 1.35 and always kept to with etcd.
/// </summary>
internal sealed class ObjectStore<T>(IReadOnlyDictionary<string, Func<T, IEnumerable<string>>> indexers)
    where T : class, IKubernetesObject<V1ObjectMeta>
{
    private readonly Lock _lock = new();
    private readonly Dictionary<ObjectKey, T> _items = [];
    private readonly Dictionary<(string Index, string Value), Dictionary<ObjectKey, T>> _indexes = [];
    private long _seen;

    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _items.Count;
            }
        }
    }

    public T? Get(ObjectKey key)
    {
        lock (_lock)
        {
            return _items.GetValueOrDefault(key);
        }
    }

    public IReadOnlyList<T> List(string? @namespace)
    {
        lock (_lock)
        {
            return @namespace is null
                ? [.. _items.Values]
                : [.. _items.Values.Where(item => string.Equals(item.Metadata.NamespaceProperty, @namespace, StringComparison.Ordinal))];
        }
    }

    public IReadOnlyList<T> Find(string index, string value)
    {
        Require(index);
        lock (_lock)
        {
            return _indexes.TryGetValue((index, value), out var items) ? [.. items.Values] : [];
        }
    }

    public int CountOf(string index, string value)
    {
        Require(index);
        lock (_lock)
        {
            return _indexes.TryGetValue((index, value), out var items) ? items.Count : 0;
        }
    }

    /// <summary>What the watch told. False where it is known already.</summary>
    public bool Set(T item, out T? before)
    {
        lock (_lock)
        {
            _seen = Math.Max(_seen, VersionOf(item));
            return Put(item, out before);
        }
    }

    /// <summary>What a write returned. False where the watch told as much or more already, be it that the object is gone.</summary>
    public bool Remember(T item, out T? before)
    {
        lock (_lock)
        {
            before = null;
            return (_items.ContainsKey(ObjectKey.Of(item)) || VersionOf(item) > _seen) && Put(item, out before);
        }
    }

    public bool Remove(ObjectKey key, long version, out T? before)
    {
        lock (_lock)
        {
            _seen = Math.Max(_seen, version);
            if (!_items.TryGetValue(key, out before))
            {
                return false;
            }

            // One of the same name made since, and remembered, is another.
            if (VersionOf(before) > version)
            {
                return false;
            }

            _items.Remove(key);
            Index(key, before, add: false);
            return true;
        }
    }

    /// <summary>A bookmark: the watch has told everything up to here.</summary>
    public void Advance(long version)
    {
        lock (_lock)
        {
            _seen = Math.Max(_seen, version);
        }
    }

    /// <summary>A whole list; returns what changed. Objects newer than the list (just written by us) stay.</summary>
    public IReadOnlyList<(T? Before, T? After)> Replace(IReadOnlyCollection<T> items, long version)
    {
        var changes = new List<(T?, T?)>();
        lock (_lock)
        {
            var listed = items.Select(item => ObjectKey.Of(item)).ToHashSet();
            foreach (var (key, item) in _items.Where(pair => !listed.Contains(pair.Key) && VersionOf(pair.Value) <= version).ToList())
            {
                _items.Remove(key);
                Index(key, item, add: false);
                changes.Add((item, null));
            }

            foreach (var item in items)
            {
                if (Put(item, out var before))
                {
                    changes.Add((before, item));
                }
            }

            _seen = version;
        }

        return changes;
    }

    public static long ParseVersion(string? text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var version) ? version : 0;

    private static long VersionOf(T item) => ParseVersion(item.Metadata.ResourceVersion);

    private void Require(string index)
    {
        if (!indexers.ContainsKey(index))
        {
            throw new ArgumentException($"{typeof(T).Name} has no index '{index}'.", nameof(index));
        }
    }

    private bool Put(T item, out T? before)
    {
        var key = ObjectKey.Of(item);
        if (_items.TryGetValue(key, out before))
        {
            if (VersionOf(before) >= VersionOf(item))
            {
                return false;
            }

            Index(key, before, add: false);
        }

        _items[key] = item;
        Index(key, item, add: true);
        return true;
    }

    private void Index(ObjectKey key, T item, bool add)
    {
        foreach (var (index, valuesOf) in indexers)
        {
            foreach (var value in valuesOf(item))
            {
                if (add)
                {
                    (_indexes.TryGetValue((index, value), out var items) ? items : _indexes[(index, value)] = [])[key] = item;
                }
                else if (_indexes.TryGetValue((index, value), out var items) && items.Remove(key) && items.Count == 0)
                {
                    _indexes.Remove((index, value));
                }
            }
        }
    }
}
