namespace Templating.Benchmarks;

/// <summary>What the bare driver says of many clones.</summary>
/// <param name="Total">Milliseconds until the last one was ready.</param>
/// <param name="Each">Milliseconds of each.</param>
/// <param name="Pids">Their processes.</param>
internal sealed record BareClones(double Total, IReadOnlyList<double> Each, IReadOnlyList<int> Pids);
