using CsCheck;
using Templating.Shim.Errors;
using Templating.Shim.Specs;

namespace Templating.ShimTests.Specs;

public sealed class PodSizeTests
{
    private const long Mib = 1L << 20;

    private static readonly TemplateRoom Room = new("debian", 1, 256 * Mib, 4, 2048 * Mib);

    [Fact]
    public void APodsLimitsAndWhatTheGuestNeedsSayHowLargeItsVmIs() =>
        // 512 MiB and 96 for the guest: 352 more than there are, in steps of 128; 1.5 CPUs.
        PodSize.From(Samples.PodSandbox().Spec(Samples.Sandbox), Room).ShouldBe(new PodSize(2, (256 + (3 * 128)) * Mib));

    [Fact]
    public void WithoutLimitsItIsAsItsTemplate()
    {
        PodSize.From(Samples.Ctr().Spec(), Room).ShouldBe(new PodSize(1, 256 * Mib));
        new PodSize(1, 256 * Mib).Grown([SpecResources.None, Limits(100, null)], Room).ShouldBe(new PodSize(1, 256 * Mib));
    }

    [Fact]
    public void ContainersThatAreThereTogetherAddUpAndItNeverShrinks()
    {
        var both = new PodSize(1, 256 * Mib).Grown([Limits(300, 700), Limits(300, 700)], Room);

        both.ShouldBe(new PodSize(2, (256 + (4 * 128)) * Mib));
        both.Grown([Limits(10, 10)], Room).ShouldBe(both);
    }

    [Fact]
    public void WhatTheTemplateHasNoRoomForIsRefusedTogether()
    {
        new PodSize(1, 256 * Mib).Grown([Limits(2048 - 96, 4000)], Room).ShouldBe(new PodSize(4, 2048 * Mib));

        var refused = Should.Throw<ShimException>(() => new PodSize(1, 256 * Mib).Grown([Limits(2048 - 95, 4001)], Room));

        refused.Message.ShouldContain("limits.cpu: 4.001 CPUs need 5 vCPUs, and template debian has at most 4 (max_vcpus)");
        refused.Message.ShouldContain("limits.memory: 1953 MiB and 96 for the guest need a VM of 2176 MiB, and template debian has at most 2048");
        Should.Throw<ShimException>(() => new PodSize(1, 256 * Mib).Grown([new SpecResources((1L << 60) - 1, long.MaxValue / 2, 1, null)], Room));
    }

    [Fact]
    public void AnyGrowthHoldsWhatIsAskedForInWholeSteps() => Gen.Int[1, 1800].Sample(mebibytes =>
    {
        var size = new PodSize(1, 256 * Mib).Grown([Limits(mebibytes, 1)], Room);
        size.MemoryBytes.ShouldBeGreaterThanOrEqualTo(Math.Max(256, mebibytes + 96) * Mib);
        size.MemoryBytes.ShouldBeLessThan((Math.Max(256, mebibytes + 96) + 128) * Mib);
        ((size.MemoryBytes - (256 * Mib)) % PodSize.Step).ShouldBe(0);
    });

    private static SpecResources Limits(long mebibytes, long? milliCpus) => new(mebibytes * Mib, milliCpus * 100, milliCpus is null ? null : 100_000, null);
}
