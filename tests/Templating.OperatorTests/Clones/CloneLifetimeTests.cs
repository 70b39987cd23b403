using k8s.Models;
using Templating.Kubernetes.Resources;
using Templating.Operator.Reconcilers.Clones.Work;
using Templating.OperatorTests.Harness;

namespace Templating.OperatorTests.Clones;

public sealed class CloneLifetimeTests : ByHandTests
{
    private static readonly DateTime Created = new(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    [Fact]
    public async Task AtTheEndOfItsTimeToLiveItsGuestIsShutDownAndItFinishes()
    {
        var pod = await StartCloneAsync("one", new VMCloneSpec { Template = TestSpace.Template, TtlSeconds = 3600, RestartPolicy = "Always" });
        Operator.Time.Advance(TimeSpan.FromMinutes(59));
        Condition(await ReconcileCloneAsync("one"), "Ready").Status.ShouldBe("True");

        Operator.Time.Advance(TimeSpan.FromMinutes(2));
        var clone = await ReconcileCloneAsync("one");
        clone.Status!.Conditions!.Single(c => c.Type == "Ready").Message.ShouldBe("Its time to live is over.");
        await Space.Kubelet.RemoveAsync(pod);
        clone = await ReconcileCloneAsync("one");

        Condition(clone, "Finished").ShouldBe(("True", "Expired"));
        (await Space.PodsAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task OneThatNeverStartedExpiresToo()
    {
        await Space.CreateCloneAsync("one", new VMCloneSpec { Template = "none", TtlSeconds = 60 });
        await ReconcileCloneAsync("one");
        Operator.Time.Advance(TimeSpan.FromSeconds(62));

        Condition(await ReconcileCloneAsync("one"), "Finished").ShouldBe(("True", "Expired"));
    }

    [Theory]
    [InlineData(null, null, null, false)]
    [InlineData(60, null, 60, true)]
    [InlineData(null, 90, 90, false)]
    [InlineData(60, 90, 60, true)]
    [InlineData(90, 60, 60, false)]
    // A time that somebody named says more than one that follows.
    [InlineData(60, 60, 60, false)]
    public void WhicheverComesFirstEndsIt(int? ttl, int? shutdown, int? end, bool byTtl)
    {
        var clone = new VMClone
        {
            Metadata = new V1ObjectMeta { CreationTimestamp = Created },
            Spec = new VMCloneSpec { TtlSeconds = ttl, ShutdownTime = shutdown is { } seconds ? Created.AddSeconds(seconds) : null },
        };

        var life = CloneLifetime.Of(clone);

        life?.End.ShouldBe(Created.AddSeconds(end!.Value));
        life.HasValue.ShouldBe(end is not null);
        (life?.IsTtl ?? false).ShouldBe(byTtl);
    }
}
