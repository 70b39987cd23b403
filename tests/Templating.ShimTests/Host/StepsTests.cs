using Microsoft.Extensions.Time.Testing;
using Templating.Shim.Host;

namespace Templating.ShimTests.Host;

public sealed class StepsTests
{
    [Fact]
    public async Task EachStepIsToldFromTheBeginningAlsoWhereTwoGoSideBySide()
    {
        var time = new FakeTimeProvider();
        var steps = new Steps(time);
        var (hold, plug) = (new TaskCompletionSource(), new TaskCompletionSource<int>());

        var holding = steps.RunAsync("hold", () => hold.Task);
        time.Advance(TimeSpan.FromMilliseconds(5));
        var plugging = steps.RunAsync("plug", () => plug.Task);
        time.Advance(TimeSpan.FromMilliseconds(20.2));
        hold.SetResult();
        await holding;
        time.Advance(TimeSpan.FromMilliseconds(5));
        plug.SetResult(7);

        (await plugging).ShouldBe(7);
        steps.ToString().ShouldBe("30.2 ms: hold 0.0-25.2, plug 5.0-30.2");
    }

    [Fact]
    public async Task AStepThatFailsIsNotTold()
    {
        var steps = new Steps(new FakeTimeProvider());

        await Should.ThrowAsync<IOException>(() => steps.RunAsync("hold", () => Task.FromException(new IOException())));

        steps.Run("network", () => 3).ShouldBe(3);
        steps.ToString().ShouldBe("0.0 ms: network 0.0-0.0");
    }
}
