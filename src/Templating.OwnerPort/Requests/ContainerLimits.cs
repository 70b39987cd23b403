using Templating.OwnerPort.Frames;

namespace Templating.OwnerPort.Requests;

/// <summary>Limits of a container that runs: null leaves what there is, 0 is no limit.</summary>
public sealed record ContainerLimits
{
    private const long LeastMicroseconds = 1000;
    private const long MostPeriod = 1_000_000;
    private const long MostWeight = 10_000;

    /// <summary>Bytes. Below what it has, the guest's kernel takes what can be taken back, and then kills.</summary>
    public long? MemoryBytes { get; init; }

    /// <summary>Microseconds of CPU time in each period, from 1,000; with a period.</summary>
    public long? CpuQuota { get; init; }

    /// <summary>1,000 to 1,000,000 microseconds; with a quota.</summary>
    public long? CpuPeriod { get; init; }

    /// <summary>1 to 10,000: its share where there is not enough for all.</summary>
    public long? CpuWeight { get; init; }

    /// <summary>Processes and threads.</summary>
    public long? Processes { get; init; }

    internal FrameBuilder Build(string container)
    {
        Within(MemoryBytes, 0, long.MaxValue, nameof(MemoryBytes));
        Within(CpuQuota is 0 ? null : CpuQuota, LeastMicroseconds, long.MaxValue, nameof(CpuQuota));
        Within(CpuPeriod, LeastMicroseconds, MostPeriod, nameof(CpuPeriod));
        Within(CpuWeight, 1, MostWeight, nameof(CpuWeight));
        Within(Processes, 0, long.MaxValue, nameof(Processes));
        if (CpuQuota is null != CpuPeriod is null)
        {
            throw Checks.Wrong("Found a quota without a period, or the other way round; expected both or neither.", nameof(CpuQuota));
        }

        return new FrameBuilder(FrameType.Update).Text(Checks.Name(container, nameof(container)))
            .U64(Field(MemoryBytes)).U64(Field(CpuQuota)).U64(Field(CpuPeriod)).U64(Field(CpuWeight)).U64(Field(Processes));
    }

    private static ulong Field(long? value) => value is { } number ? (ulong)number : ulong.MaxValue;

    private static void Within(long? value, long least, long most, string name)
    {
        if (value < least || value > most)
        {
            throw new ArgumentOutOfRangeException(name, value, $"Expected {least} to {most}.");
        }
    }
}
