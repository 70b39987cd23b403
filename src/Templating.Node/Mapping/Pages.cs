using Google.Protobuf;

namespace Templating.Node.Mapping;

/// <summary>Cuts a list into pages.</summary>
internal static class Pages
{
    // Clients take messages of 4 MiB unless told otherwise; one object is far below the quarter left.
    private const int MaxBytes = 3 << 20;

    /// <param name="items">Those the caller may see, in any order.</param>
    /// <param name="keyOf">Total, unique and immutable; compared by code units.</param>
    /// <param name="after">Key of the last object of the page before; null for the first page.</param>
    /// <param name="size">At most so many.</param>
    /// <param name="write">Called for those on the page only.</param>
    /// <param name="next">Key of the last object here where more follow; null on the last page.</param>
    public static List<TWire> Cut<T, TWire>(
        IEnumerable<T> items, Func<T, string> keyOf, string? after, int size, Func<T, TWire> write, out string? next)
        where TWire : IMessage
    {
        var rest = items
            .Select(item => (Key: keyOf(item), Item: item))
            .Where(entry => after is null || string.CompareOrdinal(entry.Key, after) > 0)
            .OrderBy(entry => entry.Key, StringComparer.Ordinal)
            .ToList();
        var page = new List<TWire>();
        var bytes = 0;
        while (page.Count < Math.Min(size, rest.Count) && bytes < MaxBytes)
        {
            page.Add(write(rest[page.Count].Item));
            bytes += page[^1].CalculateSize();
        }

        next = page.Count < rest.Count ? rest[page.Count - 1].Key : null;
        return page;
    }
}
