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
        seen.ShouldBeInRange(1, 9_999);
    }
}
