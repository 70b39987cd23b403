using System.Text.Json.Nodes;
using Templating.Shim.Errors;
using Templating.Shim.Options;

namespace Templating.Shim.Specs;

/// <summary>What a container, or a pod, may use; null where nothing is said, which is also what -1 says.</summary>
internal sealed record SpecResources(long? MemoryLimit, long? CpuQuota, long? CpuPeriod, long? CpuShares)
{
    private const int MaxBytes = 1 << 20;
    private const long UsualPeriod = 100_000;

    /// <summary>The kernel's "no limit" is a number of pages close to the highest: nobody means it as one.</summary>
    public const long Unlimited = 1L << 60;

    public static SpecResources None { get; } = new(null, null, null, null);

    /// <summary>In thousandths of a CPU; null for no limit.</summary>
    public long? MilliCpus => CpuQuota is { } quota
        ? (long)Math.Min(long.MaxValue / 1000, Math.Ceiling(quota * 1000m / (CpuPeriod ?? UsualPeriod)))
        : null;

    /// <summary>Of <c>linux.resources</c>.</summary>
    public static SpecResources From(JsonObject? resources)
    {
        var cpu = resources.Child("cpu");
        return new SpecResources(
            Limit(resources.Child("memory").Number("limit")), Limit(cpu.Number("quota")), Limit(cpu.Number("period")), Limit(cpu.Number("shares")));
    }

    /// <summary>Of an Update request: the JSON of a LinuxResources.</summary>
    public static SpecResources Parse(ReadOnlySpan<byte> json) => From(SpecJson.ParseObject(json, MaxBytes, "The resources of the update"));

    /// <summary>What the runtime tells of the whole pod: its containers' limits together. Kubelets before 1.23 tell nothing.</summary>
    public static SpecResources OfSandbox(IReadOnlyDictionary<string, string> annotations)
    {
        return new SpecResources(
            Read(CriAnnotations.Prefix + "sandbox-memory"), Read(CriAnnotations.Prefix + "sandbox-cpu-quota"), Read(CriAnnotations.Prefix + "sandbox-cpu-period"),
            Read(CriAnnotations.Prefix + "sandbox-cpu-shares"));

        long? Read(string key) => annotations.TryGetValue(key, out var text)
            ? Limit(long.TryParse(text, out var number) ? number : throw ShimException.Invalid($"Annotation {key} is '{text}', expected a whole number."))
            : null;
    }

    private static long? Limit(long? value) => value is > 0 and < Unlimited ? value : null;
}
