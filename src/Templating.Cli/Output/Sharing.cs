using Templating.Contract;
using Templating.V1;

namespace Templating.Cli.Output;

/// <summary>What clones have in common: pages of their templates' RAM and of images, which lie in memory once.</summary>
/// <param name="Resident">As if each had its own.</param>
/// <param name="Once">What they take.</param>
internal readonly record struct Sharing(long Resident, long Once)
{
    public long Saved => Math.Max(0, Resident - Once);

    public string Text => $"{ByteSize.Format(Resident)} of templates and images take {ByteSize.Format(Once)}: sharing saves {ByteSize.Format(Saved)}";

    public static Sharing Of(IEnumerable<MemoryUsage> clones) =>
        clones.Aggregate(default(Sharing), (sum, memory) => new Sharing(sum.Resident + memory.FilesResident, sum.Once + memory.FilesProportional));
}
