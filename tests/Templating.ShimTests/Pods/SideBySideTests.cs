using Templating.Shim.Pods;
using Templating.Testing;

namespace Templating.ShimTests.Pods;

public sealed class SideBySideTests
{
    [Fact]
    public async Task TheFirstFailureCancelsTheOthersAndIsTheOneThatIsThrown()
    {
        var fail = new TaskCompletionSource();
        var ended = false;

        var running = SideBySide.RunAsync(CancellationToken.None, WaitAsync, async _ => await fail.Task);
        fail.SetException(new InvalidDataException("first"));

        (await Should.ThrowAsync<InvalidDataException>(() => running.Soonest())).Message.ShouldBe("first");
        ended.ShouldBeTrue();

        async Task WaitAsync(CancellationToken token)
        {
            try
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token);
            }
            finally
            {
                ended = true;
            }
        }
    }

    [Fact]
    public async Task ItEndsWhenAllPartsHave()
    {
        var (one, other) = (new TaskCompletionSource(), new TaskCompletionSource());

        var running = SideBySide.RunAsync(CancellationToken.None, _ => one.Task, _ => other.Task);
        other.SetResult();
        running.IsCompleted.ShouldBeFalse();
        one.SetResult();

        await running.Soonest();
    }

    [Fact]
    public async Task WhoGivesUpCancelsAllParts()
    {
        using var given = new CancellationTokenSource();

        var running = SideBySide.RunAsync(
            given.Token, token => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token), token => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token));
        await given.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(() => running.Soonest());
    }
}
