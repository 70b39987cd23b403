namespace Templating.Benchmarks;

/// <summary>What came of a run.</summary>
/// <param name="LoadAfter">As <see cref="MachineInfo.LoadBefore"/>.</param>
internal sealed record Result(MachineInfo Machine, DateTimeOffset Taken, string LoadAfter, Samples Samples, IReadOnlyList<Target> Targets);
