using k8s.Models;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Templating.Kubernetes;
using Templating.Kubernetes.Calls;
using Templating.Operator.Cluster;
using Templating.Operator.Pods;
using Templating.Operator.Queues;
using Templating.Operator.Reconcilers;
using Templating.Operator.Reconcilers.Pools;
using Templating.OperatorTests.Harness;
using Templating.Testing;

namespace Templating.OperatorTests.Queues;

/// <summary>The operator's wall clock is set, or another machine's differs from it.</summary>
public sealed class ClockStepTests
{
    private readonly FakeTimeProvider _fake = new();
    private readonly SteppedClock _clock;

    public ClockStepTests() => _clock = new SteppedClock(_fake);

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    public async Task WaitsOfTheOperatorAreNotMovedByTheClock(int days)
    {
        var depth = 0;
        await using var queue = new WorkQueue(new Backoff(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(60)), change => depth += change, _clock);
        var pools = new PoolBackoff(_clock);
        queue.AddAfter(new ObjectKey("n", "a"), TimeSpan.FromSeconds(10));
        pools.Failed("pool", new Refusal(Reasons.CreateFailed, "A quota."));
        _clock.Step = TimeSpan.FromDays(days);

        pools.Left("pool").ShouldBe(TimeSpan.FromSeconds(1));
        _fake.Advance(TimeSpan.FromSeconds(9));
        depth.ShouldBe(0);
        _fake.Advance(TimeSpan.FromSeconds(2));

        depth.ShouldBe(1);
        pools.Left("pool").ShouldBeNull();
    }

    /// <summary>The condition's time is the node's or the server's clock; a VM is not given up because that is another.</summary>
    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    public void NodeIsLostWhenItWasSeenNotReadyForItsTime(int days)
    {
        var since = _fake.GetUtcNow().UtcDateTime.AddDays(days);
        var nodes = new KeptObjects<V1Node>();
        nodes.Tell(Node("False", since));
        var health = new NodeHealth(nodes, Options.Create(new PodOptions()), _clock);

        health.Of("n").ShouldSatisfyAllConditions(s => s.IsLost.ShouldBeFalse(), s => s.LostIn.ShouldBe(TimeSpan.FromSeconds(60)));
        _fake.Advance(TimeSpan.FromSeconds(59));
        _clock.Step = TimeSpan.FromDays(2);
        health.Of("n").IsLost.ShouldBeFalse();
        _fake.Advance(TimeSpan.FromSeconds(1));
        health.Of("n").IsLost.ShouldBeTrue();
        nodes.Tell(Node("True", since));
        health.Of("n").LostIn.ShouldBeNull();
        nodes.Tell(Node("False", since));

        health.Of("n").IsLost.ShouldBeFalse("it is another trouble");
    }

    private static V1Node Node(string ready, DateTime since) => new()
    {
        Metadata = new V1ObjectMeta { Name = "n" },
        Status = new V1NodeStatus { Conditions = [new V1NodeCondition { Type = "Ready", Status = ready, LastTransitionTime = since, Message = "why" }] },
    };
}
