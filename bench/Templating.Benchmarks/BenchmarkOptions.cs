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

    public required bool Check { get; init; }
}
