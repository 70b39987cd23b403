using Templating.Core.Errors;
using Templating.Core.Requests;

namespace Templating.UnitTests.Requests;

public sealed class RequestLogTests
{
    private readonly HashSet<string> _gone = [];
    private readonly RequestLog<string> _log;
    private readonly Guid _id = Guid.NewGuid();
    private int _runs;

    public RequestLogTests() => _log = new RequestLog<string>(result => !_gone.Contains(result));

    [Fact]
    public async Task ARetryReturnsTheFirstResult()
    {
        (await Run("digest")).ShouldBe("result 1");
        (await Run("digest")).ShouldBe("result 1");
        _runs.ShouldBe(1);
    }

    [Fact]
    public async Task WithoutAnIdEveryRequestIsANewOne()
    {
        await _log.RunAsync("t", null, "d", CreateAsync, CancellationToken.None);
        await _log.RunAsync("t", null, "d", CreateAsync, CancellationToken.None);
        _runs.ShouldBe(2);
    }

    [Fact]
    public async Task AnotherRequestUnderTheSameIdIsRefused()
    {
        await Run("digest");
        (await Should.ThrowAsync<TemplatingException>(() => Run("other"))).Code.ShouldBe(ErrorCode.RequestIdReused);
    }

    [Fact]
    public async Task TenantsDoNotShareRequestIds()
    {
        await _log.RunAsync("a", _id, "one", CreateAsync, CancellationToken.None);
        (await _log.RunAsync("b", _id, "two", CreateAsync, CancellationToken.None)).ShouldBe("result 2");
    }

    [Fact]
    public async Task AFailureIsForgottenSoThatItsRetryIsANewTry()
    {
        await Should.ThrowAsync<TemplatingException>(() => _log.RunAsync(
            "t", _id, "d", _ => throw new TemplatingException(ErrorCode.DiskFull, "full"), CancellationToken.None));
        (await Run("d")).ShouldBe("result 1");
    }

    [Fact]
    public async Task ARetryWhileTheFirstIsUnderWayWaitsForIt()
    {
        var gate = new TaskCompletionSource();
        var first = _log.RunAsync(
            "t", _id, "d",
            async _ =>
            {
                await gate.Task;
                return "first";
            },
            CancellationToken.None);
        var second = Run("d");
        second.IsCompleted.ShouldBeFalse();

        gate.SetResult();

        (await first).ShouldBe("first");
        (await second).ShouldBe("first");
        _runs.ShouldBe(0);
    }

    [Fact]
    public async Task WhenTheFirstCallerGoesAwayTheWaitingRetryTakesOver()
    {
        using var away = new CancellationTokenSource();
        var first = _log.RunAsync(
            "t", _id, "d",
            async ct =>
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, ct);
                return "never";
            },
            away.Token);
        var second = Run("d");

        await away.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(() => first);
        (await second).ShouldBe("result 1");
    }

    [Fact]
    public async Task AResultOfAnEarlierDaemonIsReturned()
    {
        _log.Remember("t", _id, "d", "from before");
        (await Run("d")).ShouldBe("from before");
    }

    [Fact]
    public async Task AResultThatIsGoneIsNotReturnedAndItsIdIsFreeForAnyRequest()
    {
        (await Run("d")).ShouldBe("result 1");
        _gone.Add("result 1");

        (await Run("another")).ShouldBe("result 2");
        (await Run("another")).ShouldBe("result 2");
        (await Should.ThrowAsync<TemplatingException>(() => Run("d"))).Code.ShouldBe(ErrorCode.RequestIdReused);
    }

    [Fact]
    public async Task WhatIsGoneIsForgottenAndWhatRunsUnderItsIdByNowIsNot()
    {
        await Run("d");
        _gone.Add("result 1");
        var end = new TaskCompletionSource<string>();
        var second = _log.RunAsync("t", _id, "d", _ => end.Task, CancellationToken.None);

        _log.ForgetGone();

        var third = Run("d");
        end.SetResult("second");
        (await second).ShouldBe("second");
        (await third).ShouldBe("second");
    }

    private Task<string> Run(string digest) => _log.RunAsync("t", _id, digest, CreateAsync, CancellationToken.None);

    private Task<string> CreateAsync(CancellationToken cancellationToken) => Task.FromResult($"result {Interlocked.Increment(ref _runs)}");
}
