using Templating.OwnerPort.Requests;
using Templating.Shim.Errors;

namespace Templating.Shim.Specs;

/// <summary>From the resources of an Update request (JSON of a LinuxResources) to limits of the guest's.</summary>
internal static class ContainerUpdate
{
    private const int MaxBytes = 1 << 20;
    private const long UsualPeriod = 100_000;
    private const long LeastShares = 2, MostShares = 262_144, MostWeight = 10_000;

    /// <summary>What is not said stays; what is negative, or as good as without end, is no limit.</summary>
    /// <exception cref="ShimException">It is no JSON.</exception>
    public static ContainerLimits Parse(ReadOnlySpan<byte> json)
    {
        var resources = SpecJson.ParseObject(json, MaxBytes, "The resources of the update");
        var cpu = resources.Child("cpu");
        var quota = Limit(cpu.Number("quota"));
        return new ContainerLimits
        {
            MemoryBytes = Limit(resources.Child("memory").Number("limit")),
            CpuQuota = quota,
            CpuPeriod = quota is null ? null : cpu.Number("period") is > 0 and var period ? period : UsualPeriod,
            CpuWeight = cpu.Number("shares") is > 0 and var shares ? Weight(shares) : null,
            Processes = Limit(resources.Child("pids").Number("limit")),
        };
    }

    /// <summary>As crun makes it of shares when it starts a container.</summary>
    private static long Weight(long shares) =>
        1 + ((Math.Clamp(shares, LeastShares, MostShares) - LeastShares) * (MostWeight - 1) / (MostShares - LeastShares));

    private static long? Limit(long? value) => value switch
    {
        null or 0 => null,
        < 0 or >= SpecResources.Unlimited => 0,
        _ => value,
    };
}
