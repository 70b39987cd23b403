namespace Templating.Operator.Cluster;

/// <summary>What an informer watches and keeps.</summary>
internal sealed record InformerOptions<T>
{
    /// <summary>Empty means all namespaces, or a kind that has none.</summary>
    public string Namespace { get; init; } = "";

    /// <summary>Empty means all objects.</summary>
    public string LabelSelector { get; init; } = "";

    /// <summary>Takes away what nobody here looks at, before it is kept; what that is of all objects, <see cref="ObjectJson"/> does not read.</summary>
    public Action<T>? Trim { get; init; }

    /// <summary>Whether nothing that is looked at differs between two that are trimmed: the later one is kept, and nobody is told. Null where all is looked at.</summary>
    public Func<T, T, bool>? AreSame { get; init; }

    public IReadOnlyDictionary<string, Func<T, IEnumerable<string>>> Indexers { get; init; } =
        new Dictionary<string, Func<T, IEnumerable<string>>>(StringComparer.Ordinal);

    /// <summary>Objects of a list's page.</summary>
    public int PageSize { get; init; } = 500;
}
