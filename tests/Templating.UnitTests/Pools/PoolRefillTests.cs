using System.Collections.Concurrent;
using Templating.Contract;
using Templating.Core.Pools;

namespace Templating.UnitTests.Pools;

/// <summary>When another VM is started in the place of one that a clone took.</summary>
public sealed class PoolRefillTests() : PoolTest(options: options => options with { RefillDelay = Delay })
{
    private static readonly TimeSpan Delay = TimeSpan.FromSeconds(1);

    private readonly ConcurrentQueue<TimeSpan> _starts = new();

    public override async Task InitializeAsync()
    {
        await base.InitializeAsync();
        Node.Vmm.OnStep = (step, _, _) =>
        {
            if (step == "prepare")
            {
                _starts.Enqueue(TimeProvider.System.Steady());
            }

            return Task.CompletedTask;
        };
    }

    [Fact]
    public async Task AFreshPoolFillsWithoutWaiting()
    {
        var before = TimeProvider.System.Steady();
        Set(restored: 3);

        await WaitAsync(restored: 3);

        Node.Pools.Get(Web).Problem.ShouldBe(PoolProblem.None);
        _starts.Count.ShouldBe(3);
        (_starts.Last() - before).ShouldBeLessThan(Delay * 3);
    }

    [Fact]
    public async Task ACloneHasTheCpusToItselfBeforeAnotherVmIsStartedInThePlaceOfItsOwn()
    {
        Set(restored: 1);
        await WaitAsync(restored: 1);
        _starts.Clear();
        var taken = TimeProvider.System.Steady();

        await CreateAsync("one");

        Node.Pools.Get(Web).Problem.ShouldBe(PoolProblem.None);
        await WaitAsync(restored: 1);
        (_starts.ShouldHaveSingleItem() - taken).ShouldBeGreaterThanOrEqualTo(Delay);
    }

    [Fact]
    public async Task APoolThatLacksSomeForLongerDoesNotWaitForEachOfThem()
    {
        Set(restored: 4);
        await WaitAsync(restored: 4);
        _starts.Clear();
        for (var i = 0; i < 4; i++)
        {
            await CreateAsync($"c{i}");
        }

        await WaitAsync(restored: 4);

        _starts.Count.ShouldBe(4);
        (_starts.Last() - _starts.First()).ShouldBeLessThan(Delay * 3);
    }
}
