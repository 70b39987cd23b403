using Google.Protobuf.Collections;
using Templating.Core.Machines;
using Templating.V1;

namespace Templating.Node.Mapping;

/// <summary>Which parts of its files a VM has used.</summary>
internal static class UsedPartsMapping
{
    /// <summary>Of one file: more is not made of one, see UsedPages.</summary>
    public const int MostRanges = 1024;

    public static IEnumerable<UsedParts> ToWire(IReadOnlyList<IReadOnlyList<FileRange>> used) => used.Select(ranges => new UsedParts
    {
        Offsets = { ranges.Select(range => range.Offset) },
        Lengths = { ranges.Select(range => range.Length) },
    });

    /// <summary>What a pod says belongs to its tenant, and may be anything: all of it lies within the files, or none of it counts.</summary>
    /// <param name="said">By the pod.</param>
    /// <param name="sizes">Of the template's memory and of its images.</param>
    /// <returns>Null where it is not what it should be.</returns>
    public static IReadOnlyList<IReadOnlyList<FileRange>>? Read(RepeatedField<UsedParts> said, IReadOnlyList<long> sizes) =>
        said.Count == sizes.Count && said.Zip(sizes).All(file => IsWithin(file.First, file.Second))
            ? [.. said.Select(file => (IReadOnlyList<FileRange>)[.. file.Offsets.Zip(file.Lengths, (offset, length) => new FileRange(offset, length))])]
            : null;

    private static bool IsWithin(UsedParts parts, long size) =>
        parts.Offsets.Count == parts.Lengths.Count && parts.Offsets.Count <= MostRanges
        && parts.Offsets.Zip(parts.Lengths).All(part => part is { First: >= 0, Second: > 0 } && part.Second <= size && part.First <= size - part.Second);
}
