using Templating.Core.Diagnostics;
using Templating.Core.Errors;

namespace Templating.UnitTests.Diagnostics;

public sealed class BroadcasterTests
{
    [Fact]
    public async Task EveryReaderSeesWhatIsPublishedAfterItSubscribed()
    {
        var broadcaster = new Broadcaster<int>();
        broadcaster.Publish(0);
        var first = broadcaster.SubscribeAsync(CancellationToken.None).GetAsyncEnumerator();
        broadcaster.Publish(1);
        var second = broadcaster.SubscribeAsync(CancellationToken.None).GetAsyncEnumerator();
        broadcaster.Publish(2);

        (await first.MoveNextAsync()).ShouldBeTrue();
        first.Current.ShouldBe(1);
        (await second.MoveNextAsync()).ShouldBeTrue();
        second.Current.ShouldBe(2);
    }

    [Fact]
    public async Task AReaderThatDoesNotKeepUpIsToldSoAndHoldsNobody()
    {
        var broadcaster = new Broadcaster<int>();
        var slow = broadcaster.SubscribeAsync(CancellationToken.None);

        for (var i = 0; i < 10_000; i++)
        {
            broadcaster.Publish(i);
        }

        var seen = 0;
        var refusal = await Should.ThrowAsync<TemplatingException>(async () =>
        {
            await foreach (var item in slow)
            {
                item.ShouldBe(seen++);
            }
        });
        refusal.Code.ShouldBe(ErrorCode.WatchTooSlow);
        seen.ShouldBeInRange(0, 9_999);
    }

    [Fact]
    public async Task ASlowReaderIsToldTheLatestOfEachThingAndWhatWasGone()
    {
        var broadcaster = new Broadcaster<Change<(string Key, int State)>>(Changes.Merging<(string Key, int State)>(item => item.Key, _ => 1));
        var slow = broadcaster.SubscribeAsync(CancellationToken.None).GetAsyncEnumerator();
        Publish(ChangeKind.Added, "a", 1);
        Publish(ChangeKind.Added, "b", 1);
        for (var i = 0; i < 100_000; i++)
        {
            Publish(ChangeKind.Modified, "a", i);
        }

        Publish(ChangeKind.Deleted, "b", 2);
        Publish(ChangeKind.Added, "b", 3);
        Publish(ChangeKind.Modified, "b", 4);

        (await NextAsync()).ShouldBe((ChangeKind.Modified, "a", 99_999));
        (await NextAsync()).ShouldBe((ChangeKind.Deleted, "b", 2));
        (await NextAsync()).ShouldBe((ChangeKind.Modified, "b", 4));
        Publish(ChangeKind.Modified, "a", 7);
        (await NextAsync()).ShouldBe((ChangeKind.Modified, "a", 7));

        void Publish(ChangeKind kind, string key, int state) => broadcaster.Publish(new Change<(string, int)>(kind, (key, state)));

        async Task<(ChangeKind, string, int)> NextAsync()
        {
            (await slow.MoveNextAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(10))).ShouldBeTrue();
            return (slow.Current.Kind, slow.Current.Item.Key, slow.Current.Item.State);
        }
    }

    [Theory]
    [InlineData(4, true)]
    [InlineData(5, false)]
    public async Task WhatWaitsForAReaderIsBoundedInBytes(int items, bool fits)
    {
        var broadcaster = new Broadcaster<Change<int>>(Changes.Merging<int>(i => $"{i}", _ => 1 << 20));
        var slow = broadcaster.SubscribeAsync(CancellationToken.None).GetAsyncEnumerator();
        for (var i = 0; i < items; i++)
        {
            broadcaster.Publish(new Change<int>(ChangeKind.Deleted, i));
        }

        if (fits)
        {
            (await slow.MoveNextAsync()).ShouldBeTrue();
        }
        else
        {
            (await Should.ThrowAsync<TemplatingException>(async () => await slow.MoveNextAsync())).Code.ShouldBe(ErrorCode.WatchTooSlow);
        }
    }
}
