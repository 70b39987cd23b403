using CsCheck;
using Microsoft.Extensions.Time.Testing;
using Templating.Core.Capacity;
using Templating.Core.Errors;
using Templating.Testing;

namespace Templating.UnitTests.Capacity;

/// <summary>Nobody's many and nobody's hung hold up another tenant.</summary>
public sealed class FairTurnsTests
{
    private readonly FakeTimeProvider _time = new();

    private FairTurns Create(int inAll, int perTenant, int maxWaiting = 100) => new(
        new TurnRules { What = "starts", InAll = inAll, PerTenant = _ => perTenant, MaxWaiting = maxWaiting }, _time);

    [Fact]
    public void OneTenantAloneMayHaveAllAndNotOneMore()
    {
        var turns = Create(inAll: 3, perTenant: 10);
        Take(turns, "a", 3);

        Ask(turns, "a").IsCompleted.ShouldBeFalse();
    }

    [Fact]
    public void OneTenantGetsItsOwnMostAndNotOneMore()
    {
        var turns = Create(inAll: 10, perTenant: 3);
        Take(turns, "a", 3);

        Ask(turns, "a").IsCompleted.ShouldBeFalse();
        Ask(turns, "b").IsCompletedSuccessfully.ShouldBeTrue();
    }

    [Fact]
    public void ATenantsFirstDoesNotWaitForTheTurnsOfAnotherButItsSecondDoes()
    {
        var turns = Create(inAll: 2, perTenant: 10);
        Take(turns, "a", 2);

        Ask(turns, "b").IsCompletedSuccessfully.ShouldBeTrue();
        Ask(turns, "b").IsCompleted.ShouldBeFalse();
    }

    [Fact]
    public void FirstTurnsAreBoundedByTwiceTheNumber()
    {
        var turns = Create(inAll: 2, perTenant: 10);
        Take(turns, "a", 2);
        Take(turns, "b", 1);
        Take(turns, "c", 1);

        Ask(turns, "d").IsCompleted.ShouldBeFalse();
    }

    [Fact]
    public async Task AFreeTurnGoesToTheTenantWithTheFewestAndThenInTheOrderOfTheirLast()
    {
        var turns = Create(inAll: 3, perTenant: 10);
        var held = Take(turns, "a", 3);
        var order = new List<string>();
        var waiting = new[] { "a", "a", "b", "b", "c", "c" }.Select(async tenant =>
        {
            var turn = await turns.TakeAsync(tenant, CancellationToken.None);
            lock (order)
            {
                order.Add(tenant);
            }

            return turn;
        }).ToArray();
        await Eventually.UntilAsync(() => order.Count == 2, "b and c have their first");
        order.Order().ShouldBe(["b", "c"]);

        foreach (var turn in held)
        {
            turn.Dispose();
        }

        // Five were counted of three: two of a's three are given to nobody.
        await Eventually.UntilAsync(() => order.Count == 3, "one more has its turn");
        order[2].ShouldBe("a", "it has none by now");
        (await waiting[2].Soonest()).Dispose();
        await Eventually.UntilAsync(() => order.Count == 4, "one more has its turn");
        order[3].ShouldBe("b", "it has none by now");
    }

    [Fact]
    public async Task ATurnThatWaitsForAStrangerCountsForItsTenantAloneAfterTheRulesPatience()
    {
        var turns = Create(inAll: 1, perTenant: 2);
        var turn = Take(turns, "a", 1).Single();
        var second = Ask(turns, "a");
        using var stranger = turn.Await();

        _time.Advance(TimeSpan.FromSeconds(2) - TimeSpan.FromMilliseconds(1));
        second.IsCompleted.ShouldBeFalse();
        _time.Advance(TimeSpan.FromMilliseconds(1));

        (await second.Soonest()).Await();
        _time.Advance(TimeSpan.FromMinutes(1));
        Ask(turns, "a").IsCompleted.ShouldBeFalse("its own most is two, however silent they are");
    }

    [Fact]
    public async Task AHolderThatWorksAgainCountsAgain()
    {
        var turns = Create(inAll: 1, perTenant: 5);
        var turn = Take(turns, "a", 1).Single();
        var stranger = turn.Await();
        _time.Advance(TimeSpan.FromMinutes(1));
        stranger.Dispose();

        var second = Ask(turns, "a");
        second.IsCompleted.ShouldBeFalse();
        turn.Dispose();
        await second.Soonest();
    }

    [Fact]
    public void AWaitThatIsOverBeforeThePatienceIsChangesNothing()
    {
        var turns = Create(inAll: 1, perTenant: 5);
        var turn = Take(turns, "a", 1).Single();
        turn.Await().Dispose();
        _time.Advance(TimeSpan.FromMinutes(1));

        Ask(turns, "a").IsCompleted.ShouldBeFalse();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ATurnIsGivenBackOnceAlsoInTheMidstOfAWait(bool silent)
    {
        var turns = Create(inAll: 1, perTenant: 5);
        var turn = Take(turns, "a", 1).Single();
        var stranger = turn.Await();
        _time.Advance(silent ? TimeSpan.FromMinutes(1) : TimeSpan.Zero);

        turn.Dispose();
        turn.Dispose();
        stranger.Dispose();
        _time.Advance(TimeSpan.FromMinutes(1));

        Take(turns, "a", 1);
        Ask(turns, "a").IsCompleted.ShouldBeFalse();
    }

    [Fact]
    public async Task WhoGivesUpLeavesHisPlaceToTheNext()
    {
        var turns = Create(inAll: 1, perTenant: 5);
        var turn = Take(turns, "a", 1).Single();
        using var away = new CancellationTokenSource();
        var impatient = turns.TakeAsync("a", away.Token);
        var patient = Ask(turns, "a");

        await away.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(impatient.Soonest());
        turn.Dispose();
        await patient.Soonest();
    }

    [Fact]
    public async Task TooManyThatWaitOfOneTenantAreRefusedAndOthersAreNot()
    {
        var turns = Create(inAll: 1, perTenant: 5, maxWaiting: 2);
        Take(turns, "a", 1);
        _ = Ask(turns, "a");
        var last = Ask(turns, "a");

        last.IsCompleted.ShouldBeFalse();
        var refusal = await Should.ThrowAsync<TemplatingException>(() => Ask(turns, "a"));
        refusal.Code.ShouldBe(ErrorCode.NodeCapacityExhausted);
        refusal.Message.ShouldStartWith("2 starts of tenant 'a' wait");
        Ask(turns, "b").IsCompletedSuccessfully.ShouldBeTrue();
    }

    [Fact]
    public async Task WhoDoesNotWantToWaitIsToldAndGoesBeforeNobody()
    {
        var turns = Create(inAll: 2, perTenant: 2);
        var first = turns.TryTake("a").ShouldNotBeNull();
        turns.TryTake("a").ShouldNotBeNull();
        turns.TryTake("a").ShouldBeNull();
        var waiting = Ask(turns, "a");

        first.Dispose();

        await waiting.Soonest();
        turns.TryTake("a").ShouldBeNull();
    }

    /// <summary>Whatever is taken, awaited, cancelled and given back at once: all is free at the end, and never more than allowed was held.</summary>
    [Fact]
    public Task NothingIsLostWhateverHappensAtOnce() => Gen.Select(Gen.Int[0, 3], Gen.Int[0, 4]).Array[1, 60].SampleAsync(async plans =>
    {
        var turns = Create(inAll: 3, perTenant: 4);
        var held = 0;
        var most = 0;
        await Task.WhenAll(plans.Select(async plan =>
        {
            using var away = new CancellationTokenSource();
            var taking = turns.TakeAsync($"t{plan.Item1}", away.Token);
            await Task.Yield();
            if (plan.Item2 == 0)
            {
                await away.CancelAsync();
            }

            try
            {
                using var turn = await taking;
                most = Math.Max(most, Interlocked.Increment(ref held));
                using (plan.Item2 == 1 ? turn.Await() : null)
                {
                    await Task.Yield();
                }

                Interlocked.Decrement(ref held);
            }
            catch (OperationCanceledException)
            {
                // It gave up.
            }
        })).Soonest();

        most.ShouldBeLessThanOrEqualTo(6);
        Take(turns, "a", 3);
        Ask(turns, "a").IsCompleted.ShouldBeFalse();
    }, iter: 200, threads: 1);

    [Fact]
    public async Task WorkThatNobodyWaitsForHasHalfOfTheTurnsAndNoneWhileAnotherIsWaitedFor()
    {
        var turns = Create(inAll: 4, perTenant: 10);
        var idle = Enumerable.Range(0, 3).Select(_ => turns.TakeIdleAsync("a", CancellationToken.None)).ToList();
        idle.Count(turn => turn.IsCompletedSuccessfully).ShouldBe(2);

        var held = Take(turns, "b", 2);
        var waiting = Ask(turns, "b");
        waiting.IsCompleted.ShouldBeFalse();
        (await idle[0]).Dispose();

        await waiting.Soonest();
        idle[2].IsCompleted.ShouldBeFalse("a clone's start comes first, and all are taken");
        held[0].Dispose();
        await idle[2].Soonest();
    }

    [Fact]
    public async Task WorkThatNobodyWaitsForIsSharedAmongTenantsAndLeavesNothingWhenItIsGivenUp()
    {
        var turns = Create(inAll: 2, perTenant: 10);
        var first = await turns.TakeIdleAsync("a", CancellationToken.None);
        using var away = new CancellationTokenSource();
        var second = turns.TakeIdleAsync("a", CancellationToken.None);
        var third = turns.TakeIdleAsync("a", CancellationToken.None);
        var gone = turns.TakeIdleAsync("a", away.Token);
        var other = turns.TakeIdleAsync("b", CancellationToken.None);

        await away.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(gone);
        first.Dispose();

        (await second.Soonest()).Dispose();
        (await other.Soonest()).Dispose();
        (await third.Soonest()).Dispose();
        Take(turns, "c", 2);
    }

    private static Task<Turn> Ask(FairTurns turns, string tenant) => turns.TakeAsync(tenant, CancellationToken.None);

    private static Turn[] Take(FairTurns turns, string tenant, int count) =>
        [.. Enumerable.Range(0, count).Select(_ => turns.TryTake(tenant).ShouldNotBeNull())];
}
