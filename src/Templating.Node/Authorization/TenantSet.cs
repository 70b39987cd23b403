using System.Collections.Frozen;

namespace Templating.Node.Authorization;

/// <summary>Some tenants, or all there are and will be.</summary>
internal sealed class TenantSet
{
    private readonly FrozenSet<string> _names;

    private TenantSet(bool all, IEnumerable<string> names)
    {
        IsAll = all;
        _names = names.ToFrozenSet(StringComparer.Ordinal);
    }

    public static TenantSet All { get; } = new(all: true, []);

    public static TenantSet None { get; } = new(all: false, []);

    public bool IsAll { get; }

    public bool IsEmpty => !IsAll && _names.Count == 0;

    /// <summary><c>*</c> among the names stands for all.</summary>
    public static TenantSet Of(IReadOnlyCollection<string> names) =>
        names.Contains("*", StringComparer.Ordinal) ? All : names.Count == 0 ? None : new TenantSet(all: false, names);

    public bool Contains(string tenant) => IsAll || _names.Contains(tenant);

    public TenantSet Union(TenantSet other) => IsAll || other.IsAll ? All : Of([.. _names, .. other._names]);
}
