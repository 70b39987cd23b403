using Microsoft.Extensions.Time.Testing;
using Templating.Shim.Errors;
using Templating.Shim.Host;
using Templating.Testing;

namespace Templating.ShimTests.Host;

public sealed class StartTurnsTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task AsManyStartAtATimeAsThereAreTurnsAndTheNextWhenOneHasStarted()
    {
        var turns = New(2);
        using var first = await turns.TakeForVmAsync(CancellationToken.None);
        var second = await turns.TakeForVmAsync(CancellationToken.None);
        // As another process: locks are of open files, not of processes.
        var third = New(2).TakeForVmAsync(CancellationToken.None);
        _time.Advance(TimeSpan.FromSeconds(10));
        third.IsCompleted.ShouldBeFalse("two are starting");

        second.Dispose();

        (await AdvanceUntilAsync(third)).ShouldNotBeNull().Dispose();
    }

    [Fact]
    public async Task WhoHasAVmIsNotKeptWaitingByThoseWhoStartOne()
    {
        var turns = New(1);
        using var vm = await turns.TakeForVmAsync(CancellationToken.None);

        using var container = await turns.TakeForContainerAsync(CancellationToken.None);

        container.ShouldNotBeNull();
    }

    [Fact]
    public async Task AContainerThatWaitedTooLongStartsWithoutATurnAndAVmDoesNot()
    {
        var turns = New(1);
        using var vm = await turns.TakeForVmAsync(CancellationToken.None);
        using var container = await turns.TakeForContainerAsync(CancellationToken.None);

        (await AdvanceUntilAsync(turns.TakeForContainerAsync(CancellationToken.None))).ShouldBeNull();
        var refusal = await Should.ThrowAsync<ShimException>(() => AdvanceUntilAsync(turns.TakeForVmAsync(CancellationToken.None)));
        refusal.Message.ShouldBe("Too many pods start on this node: 1 at a time do, and this one's turn has not come in 210 s. It is tried again.");
    }

    [Fact]
    public async Task WhoGivesUpWaitsNoLonger()
    {
        using var cancellation = new CancellationTokenSource();
        var turns = New(1);
        using var vm = await turns.TakeForVmAsync(CancellationToken.None);
        var next = turns.TakeForVmAsync(cancellation.Token);

        await cancellation.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(next);
    }

    public void Dispose() => _folder.Dispose();

    private StartTurns New(int count) => new(_folder.Path, count, _time);

    /// <summary>Time goes on, however often the other side looks.</summary>
    private async Task<T> AdvanceUntilAsync<T>(Task<T> waiting)
    {
        while (!waiting.IsCompleted)
        {
            _time.Advance(TimeSpan.FromMilliseconds(100));
            await Task.Yield();
        }

        return await waiting;
    }
}
