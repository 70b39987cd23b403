using System.Net;
using k8s.Autorest;
using Microsoft.Extensions.Time.Testing;
using Templating.Kubectl.Cluster;
using Templating.Kubectl.Load.Running;
using Templating.Kubectl.Load.Samples;
using Templating.Testing;

namespace Templating.KubectlTests.Load.Running;

public sealed class OperatorProbeTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly Ledger _ledger;
    private int _looks;

    public OperatorProbeTests() => _ledger = new Ledger(_time);

    [Fact]
    public async Task ItLooksAgainAndAgainAndOnceMoreAtTheEnd()
    {
        using var end = new CancellationTokenSource();
        var probe = Probe(() => Level());
        var running = probe.RunAsync(end.Token);
        await PassAsync(2);
        await end.CancelAsync();
        await running;
        _ledger.Operator.Count.ShouldBe(4);
        probe.Problem.ShouldBeNull();
    }

    [Theory]
    [InlineData(HttpStatusCode.Forbidden)]
    [InlineData(HttpStatusCode.Unauthorized)]
    public async Task WhoMayNotAskIsToldSoAndDoesNotAskAgain(HttpStatusCode code)
    {
        var probe = Probe(() => throw Refusal(code));
        await probe.RunAsync(CancellationToken.None);
        _looks.ShouldBe(1);
        probe.Problem.ShouldBe("no");
        probe.IsRefused.ShouldBeTrue();
    }

    [Fact]
    public async Task WhereThereIsNoOperatorNobodyLooksAgain()
    {
        var probe = Probe(() => throw new PluginException("none there"));
        await probe.RunAsync(CancellationToken.None);
        _looks.ShouldBe(1);
        probe.Problem.ShouldBe("none there");
        probe.IsRefused.ShouldBeTrue();
    }

    [Fact]
    public async Task OneThatIsAwayForAWhileIsLookedForAgain()
    {
        using var end = new CancellationTokenSource();
        var answers = new Queue<Func<OperatorLevel?>>([() => Level(), () => throw Refusal(HttpStatusCode.ServiceUnavailable), () => throw new PluginException("none there"), () => null]);
        var probe = Probe(() => answers.TryDequeue(out var answer) ? answer() : Level());
        var running = probe.RunAsync(end.Token);
        await PassAsync(4);
        await end.CancelAsync();
        await running;
        _ledger.Operator.Count.ShouldBe(3, "the first, the one after it came back, and the last");
        probe.Problem.ShouldBeNull();
    }

    [Fact]
    public async Task WhereNoneLedThatIsToldToo()
    {
        using var end = new CancellationTokenSource();
        var probe = Probe(() => null);
        var running = probe.RunAsync(end.Token);
        await end.CancelAsync();
        await running;
        probe.Problem.ShouldBe("None of its pods led.");
        probe.IsRefused.ShouldBeFalse();
    }

    [Fact]
    public async Task WhoBreaksOffDoesNotWaitForAnAnswerThatDoesNotCome()
    {
        using var end = new CancellationTokenSource();
        var asked = 0;
        var probe = new OperatorProbe(
            async token =>
            {
                Interlocked.Increment(ref asked);
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token);
                return null;
            },
            _ledger, _time);
        var running = probe.RunAsync(end.Token);
        await end.CancelAsync();
        await Eventually.UntilAsync(() => Volatile.Read(ref asked) == 2, "it looks for the last time");
        _time.Advance(TimeSpan.FromSeconds(2));
        await running;
        probe.Problem.ShouldNotBeNull();
    }

    private OperatorProbe Probe(Func<OperatorLevel?> answer) => new(
        _ =>
        {
            _looks++;
            return Task.FromResult(answer());
        },
        _ledger, _time);

    /// <summary>So many looks more.</summary>
    private async Task PassAsync(int looks)
    {
        for (var i = 0; i < looks; i++)
        {
            var before = Volatile.Read(ref _looks);
            _time.Advance(TimeSpan.FromSeconds(2));
            await Eventually.UntilAsync(() => Volatile.Read(ref _looks) > before, "it looked");
        }
    }

    private OperatorLevel Level() => new(_ledger.Now.TotalSeconds, "a", 1, 1, new Dictionary<string, double>(StringComparer.Ordinal));

    private static HttpOperationException Refusal(HttpStatusCode code) =>
        new("no") { Response = new HttpResponseMessageWrapper(new HttpResponseMessage(code), "") };
}
