namespace Templating.Benchmarks;

internal sealed record BenchmarkOptions
{
    public required string Executable { get; init; }

    public required string GuestFolder { get; init; }

    public required string Driver { get; init; }

    public required string Output { get; init; }

    public required int Rounds { get; init; }

    public required int Boots { get; init; }

    public required int Starts { get; init; }

    public required int Clones { get; init; }

    public required int Storms { get; init; }

    public required int StormClones { get; init; }

    public required int Memories { get; init; }

    public required int MemoryClones { get; init; }

    public required int Windows { get; init; }

    /// <summary>In place of all else: as many clones as this share of the machine's memory holds. Null means no.</summary>
    public required int? DensityPercent { get; init; }

    public required bool Check { get; init; }
}
