using Templating.Core.Capacity;
using Templating.Core.Errors;
using Templating.Testing.Fakes;

namespace Templating.UnitTests.Capacity;

public sealed class NodeCapacityTests
{
    private const long MiB = 1 << 20;

    private static NodeCapacity Create(long budgetMiB, double overcommit = 1, int maxVms = 100) => new(new CapacityOptions
    {
        BudgetBytes = budgetMiB * MiB,
        Overcommit = overcommit,
        OverheadBytes = 64 * MiB,
        MaxVms = maxVms,
    });

    private static NodeCapacity Limited(TenantLimits limits)
    {
        var named = new FakeLimits { Named = { ["a"] = limits } };
        return new NodeCapacity(new CapacityOptions { BudgetBytes = 10_000 * MiB, OverheadBytes = 64 * MiB }, named);
    }

    [Fact]
    public void AVmIsChargedItsRamAndQemusOwnMemory() => Create(1000).Charge("a", 256 * MiB).Bytes.ShouldBe(320 * MiB);

    [Fact]
    public void RoomIsForAsManyAsAreNotRefusedAndBelowZeroWhereLessIsAllowedThanThereIs()
    {
        var capacity = Create(1000, maxVms: 4);
        var limits = new FakeLimits { Named = { ["a"] = new TenantLimits { Vms = 2 }, ["b"] = new TenantLimits { MemoryBytes = 700 * MiB } } };
        var limited = new NodeCapacity(new CapacityOptions { BudgetBytes = 10_000 * MiB, OverheadBytes = 64 * MiB }, limits);

        capacity.RoomFor("a", 256 * MiB).ShouldBe(3);
        capacity.RoomFor("a", 1 * MiB).ShouldBe(4);
        capacity.Charge("b", 256 * MiB);
        capacity.RoomFor("a", 256 * MiB).ShouldBe(2);
        limited.RoomFor("a", 256 * MiB).ShouldBe(2);
        limited.RoomFor("b", 256 * MiB).ShouldBe(2);
        limited.Charge("a", 256 * MiB);
        limited.Charge("b", 256 * MiB);
        limits.Named["a"] = new TenantLimits { Vms = 0 };
        limits.Named["b"] = new TenantLimits { MemoryBytes = 1 };
        limited.RoomFor("a", 256 * MiB).ShouldBe(-1);
        limited.RoomFor("b", 256 * MiB).ShouldBe(-1);
    }

    [Fact]
    public void OvercommitDividesTheRamButNotTheOverhead() =>
        Create(1000, overcommit: 4).Charge("a", 256 * MiB).Bytes.ShouldBe(128 * MiB);

    [Fact]
    public void AVmBeyondTheBudgetIsRefusedWithWhatIsFree()
    {
        var capacity = Create(600);
        capacity.Charge("a", 256 * MiB);

        var refusal = Should.Throw<TemplatingException>(() => capacity.Charge("a", 256 * MiB));

        refusal.Code.ShouldBe(ErrorCode.NodeMemoryExhausted);
        refusal.Message.ShouldContain("280 MiB of 600 MiB are free");
        refusal.Details["free_bytes"].ShouldBe($"{280 * MiB}");
        refusal.RetryAfter.ShouldNotBeNull();
        capacity.View.Clones.ShouldBe(1);
    }

    /// <summary>The border: what the whole budget holds waits for room, a byte more never fits.</summary>
    [Fact]
    public void AVmBeyondTheWholeBudgetIsToldThatItNeverFits()
    {
        var capacity = new NodeCapacity(new CapacityOptions { BudgetBytes = 100, OverheadBytes = 10 });
        using var charged = capacity.Charge("a", 1);

        Should.Throw<TemplatingException>(() => capacity.Charge("a", 90)).Code.ShouldBe(ErrorCode.NodeMemoryExhausted);
        var refusal = Should.Throw<TemplatingException>(() => capacity.Charge("a", 91));

        refusal.Code.ShouldBe(ErrorCode.NodeTooSmall);
        refusal.RetryAfter.ShouldBeNull();
        refusal.Details["budget_bytes"].ShouldBe("100");
    }

    [Fact]
    public void AVmBeyondItsTenantsWholeLimitIsToldThatItNeverFits()
    {
        var capacity = Limited(new TenantLimits { MemoryBytes = 320 * MiB });
        using var charged = capacity.Charge("a", 1 * MiB);

        Should.Throw<TemplatingException>(() => capacity.Charge("a", 256 * MiB)).Code.ShouldBe(ErrorCode.TenantQuotaExhausted);
        var refusal = Should.Throw<TemplatingException>(() => capacity.Charge("a", (256 * MiB) + 1));

        refusal.Code.ShouldBe(ErrorCode.TenantLimitTooSmall);
        refusal.Details["limit"].ShouldBe("memoryBytes");
    }

    [Fact]
    public void TheBudgetIsUsedToItsLastByteAndNotBeyond()
    {
        var capacity = new NodeCapacity(new CapacityOptions { BudgetBytes = 100, OverheadBytes = 10 });
        capacity.Charge("a", 39);

        Should.Throw<TemplatingException>(() => capacity.Charge("a", 42)).Details["needed_bytes"].ShouldBe("52");
        capacity.View.ChargedBytes.ShouldBe(49);
        capacity.Charge("a", 41).Bytes.ShouldBe(51);
        capacity.View.ChargedBytes.ShouldBe(100);
    }

    [Fact]
    public void WhatIsGivenBackIsFreeAgainAndOnlyOnce()
    {
        var capacity = Create(400);
        var charge = capacity.Charge("a", 256 * MiB);

        charge.Dispose();
        charge.Dispose();

        capacity.View.ChargedBytes.ShouldBe(0);
        capacity.View.Clones.ShouldBe(0);
        capacity.Charge("a", 256 * MiB).Bytes.ShouldBe(320 * MiB);
    }

    [Fact]
    public void TheNumberOfVmsHasALimitOfItsOwn()
    {
        var capacity = Create(10_000, maxVms: 2);
        capacity.Charge("a", MiB);
        capacity.Charge("a", MiB);

        Should.Throw<TemplatingException>(() => capacity.Charge("a", MiB)).Code.ShouldBe(ErrorCode.NodeCapacityExhausted);
    }

    [Fact]
    public void ATenantHasItsOwnNumberOfVmsAndNotOneMore()
    {
        var capacity = Limited(new TenantLimits { Vms = 2 });
        capacity.Charge("a", MiB);
        var second = capacity.Charge("a", MiB);

        var refusal = Should.Throw<TemplatingException>(() => capacity.Charge("a", MiB));

        refusal.Code.ShouldBe(ErrorCode.TenantQuotaExhausted);
        refusal.Message.ShouldStartWith("It would make 3 VMs of tenant 'a', and its limit (vms) is 2. Stop some, or have");
        refusal.Details["limit"].ShouldBe("vms");
        refusal.RetryAfter.ShouldNotBeNull();
        capacity.Charge("b", MiB);
        second.Dispose();
        capacity.Charge("a", MiB);
        capacity.Of("a").ShouldBe((2, 2 * 65 * MiB));
    }

    [Fact]
    public void ATenantHasItsOwnMemoryToTheByte()
    {
        var capacity = Limited(new TenantLimits { MemoryBytes = 128 * MiB + 2 });
        var first = capacity.Charge("a", 1);

        capacity.Charge("a", 1);
        first.Dispose();
        var refusal = Should.Throw<TemplatingException>(() => capacity.Charge("a", 2));

        refusal.Code.ShouldBe(ErrorCode.TenantQuotaExhausted);
        refusal.Message.ShouldContain("(memoryBytes) is 128 MiB");
        capacity.Of("a").ShouldBe((1, 64 * MiB + 1));
        capacity.Charge("a", 1);
        Should.Throw<TemplatingException>(() => capacity.Charge("a", 0));
    }

    [Fact]
    public void AnAdoptedVmCountsForItsTenantAlsoBeyondItsLimits()
    {
        var capacity = Limited(new TenantLimits { Vms = 1 });
        capacity.ChargeAdopted("a", MiB);
        var second = capacity.ChargeAdopted("a", MiB);

        Should.Throw<TemplatingException>(() => capacity.Charge("a", MiB)).Message.ShouldContain("3 VMs");
        second.Dispose();
        Should.Throw<TemplatingException>(() => capacity.Charge("a", MiB)).Message.ShouldContain("2 VMs");
        capacity.Of("a").ShouldBe((1, MiB));
    }

    [Fact]
    public void WhatATenantGaveBackIsForgotten()
    {
        var capacity = Create(1000);
        capacity.Charge("a", MiB).Dispose();

        capacity.Of("a").ShouldBe((0, 0));
        capacity.Of("never").ShouldBe((0, 0));
    }

    [Fact]
    public void AnAdoptedVmIsChargedEvenBeyondTheBudget()
    {
        var capacity = Create(100);

        capacity.ChargeAdopted("a", 320 * MiB);

        capacity.View.ChargedBytes.ShouldBe(320 * MiB);
        Should.Throw<TemplatingException>(() => capacity.Charge("a", MiB)).Message.ShouldContain("0 MiB of 100 MiB are free");
    }

    [Fact]
    public void ConcurrentChargesNeverExceedTheBudget()
    {
        var capacity = Create(3200);
        var admitted = 0;

        Parallel.For(0, 100, _ =>
        {
            try
            {
                capacity.Charge("a", 256 * MiB);
                Interlocked.Increment(ref admitted);
            }
            catch (TemplatingException e) when (e.Code == ErrorCode.NodeMemoryExhausted)
            {
                // Expected for ninety of them.
            }
        });

        admitted.ShouldBe(10);
    }
}
