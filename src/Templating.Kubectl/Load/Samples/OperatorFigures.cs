namespace Templating.Kubectl.Load.Samples;

/// <summary>What the operator took in a run. Pure.</summary>
/// <param name="Cores">In the mean.</param>
/// <param name="MostCores">Between two looks at it.</param>
/// <param name="Milliseconds">Of CPU for each VMClone that became usable; null where none did.</param>
/// <param name="MostMiB">Of its memory.</param>
/// <param name="MostWaiting">Keys that waited at once.</param>
internal sealed record OperatorFigures(double Cores, double MostCores, double? Milliseconds, double MostMiB, double MostWaiting)
{
    /// <returns>Null where it was not seen twice.</returns>
    public static OperatorFigures? Of(IReadOnlyList<OperatorLevel> levels, int usable)
    {
        var steps = Steps(levels);
        if (steps.Count == 0)
        {
            return null;
        }

        var (seconds, cpu) = (steps.Sum(s => s.Seconds), steps.Sum(s => s.Cores * s.Seconds));
        return new OperatorFigures(
            cpu / seconds, steps.Max(s => s.Cores), usable > 0 ? cpu * 1000 / usable : null, levels.Max(l => l.MemoryMiB), levels.Max(l => l.Waiting.Values.Sum()));
    }

    /// <summary>Its cores between each two looks at one process: another that leads, or the same one begun anew, counts from zero.</summary>
    public static IReadOnlyList<(double At, double Seconds, double Cores)> Steps(IReadOnlyList<OperatorLevel> levels) =>
    [
        .. levels.Zip(levels.Skip(1)).Where(pair => pair.First.Pod == pair.Second.Pod && pair.Second.At > pair.First.At && pair.Second.CpuSeconds >= pair.First.CpuSeconds)
            .Select(pair => (pair.Second.At, Seconds: pair.Second.At - pair.First.At, Cpu: pair.Second.CpuSeconds - pair.First.CpuSeconds))
            .Select(step => (step.At, step.Seconds, step.Cpu / step.Seconds)),
    ];
}
