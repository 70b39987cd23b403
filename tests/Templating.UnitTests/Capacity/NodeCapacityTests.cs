using Templating.Core.Capacity;
using Templating.Core.Errors;

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

    [Fact]
    public void AVmIsChargedItsRamAndQemusOwnMemory() => Create(1000).Charge(256 * MiB).Bytes.ShouldBe(320 * MiB);

    [Fact]
    public void OvercommitDividesTheRamButNotTheOverhead() =>
        Create(1000, overcommit: 4).Charge(256 * MiB).Bytes.ShouldBe(128 * MiB);

    [Fact]
    public void AVmBeyondTheBudgetIsRefusedWithWhatIsFree()
    {
        var capacity = Create(600);
        capacity.Charge(256 * MiB);

        var refusal = Should.Throw<TemplatingException>(() => capacity.Charge(256 * MiB));

        refusal.Code.ShouldBe(ErrorCode.NodeMemoryExhausted);
        refusal.Message.ShouldContain("280 MiB of 600 MiB are free");
        refusal.Details["free_bytes"].ShouldBe($"{280 * MiB}");
        refusal.RetryAfter.ShouldNotBeNull();
        capacity.View.Clones.ShouldBe(1);
    }

    [Fact]
    public void TheBudgetIsUsedToItsLastByteAndNotBeyond()
    {
        var capacity = new NodeCapacity(new CapacityOptions { BudgetBytes = 100, OverheadBytes = 10 });
        capacity.Charge(39);

        Should.Throw<TemplatingException>(() => capacity.Charge(42)).Details["needed_bytes"].ShouldBe("52");
        capacity.View.ChargedBytes.ShouldBe(49);
        capacity.Charge(41).Bytes.ShouldBe(51);
        capacity.View.ChargedBytes.ShouldBe(100);
    }

    [Fact]
    public void WhatIsGivenBackIsFreeAgainAndOnlyOnce()
    {
        var capacity = Create(400);
        var charge = capacity.Charge(256 * MiB);

        charge.Dispose();
        charge.Dispose();

        capacity.View.ChargedBytes.ShouldBe(0);
        capacity.View.Clones.ShouldBe(0);
        capacity.Charge(256 * MiB).Bytes.ShouldBe(320 * MiB);
    }

    [Fact]
    public void TheNumberOfVmsHasALimitOfItsOwn()
    {
        var capacity = Create(10_000, maxVms: 2);
        capacity.Charge(MiB);
        capacity.Charge(MiB);

        Should.Throw<TemplatingException>(() => capacity.Charge(MiB)).Code.ShouldBe(ErrorCode.NodeCapacityExhausted);
    }

    [Fact]
    public void AnAdoptedVmIsChargedEvenBeyondTheBudget()
    {
        var capacity = Create(100);

        capacity.ChargeAdopted(320 * MiB);

        capacity.View.ChargedBytes.ShouldBe(320 * MiB);
        Should.Throw<TemplatingException>(() => capacity.Charge(MiB)).Message.ShouldContain("0 MiB of 100 MiB are free");
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
                capacity.Charge(256 * MiB);
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
