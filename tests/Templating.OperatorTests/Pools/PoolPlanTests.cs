using k8s.Models;
using Templating.Operator.Reconcilers.Pools;

namespace Templating.OperatorTests.Pools;

public sealed class PoolPlanTests
{
    [Fact]
    public void ThoseThatDoNotWaitYetGoFirstAndThenTheYoungest()
    {
        var members = new[] { Make("old", MemberState.Waiting, age: 3), Make("young", MemberState.Waiting, age: 1), Make("starting", MemberState.Starting, age: 9) };

        Names(PoolPlan.Make(2, true, true, members)).ShouldBe(["starting"]);
        Names(PoolPlan.Make(1, true, true, members)).ShouldBe(["starting", "young"]);
        Names(PoolPlan.Make(0, true, true, members)).ShouldBe(["starting", "young", "old"]);
    }

    [Fact]
    public void RollingNeverLeavesFewerWaitingThanThereWere()
    {
        var members = Enumerable.Range(0, 5).Select(i => Make($"old{i}", MemberState.Waiting, updated: false)).ToList();
        var made = 0;
        for (var pass = 0; pass < 50 && members.Any(m => !m.Updated); pass++)
        {
            var plan = PoolPlan.Make(5, true, true, members);
            members.RemoveAll(plan.Delete.Contains);
            members.Count(m => m.State == MemberState.Waiting).ShouldBeGreaterThanOrEqualTo(5);
            members.AddRange(Enumerable.Range(0, plan.Create).Select(_ => Make($"new{made++}", MemberState.Starting)));
            members.Count.ShouldBeLessThanOrEqualTo(7);

            // One more comes up.
            var next = members.FindIndex(m => m.State == MemberState.Starting);
            if (next >= 0)
            {
                members[next] = members[next] with { State = MemberState.Waiting };
            }
        }

        members.ShouldAllBe(m => m.Updated);
        members.Count.ShouldBe(5);
        made.ShouldBe(5);
    }

    [Fact]
    public void OnUseLeavesOldOnesAndCountsThem()
    {
        var members = new[] { Make("a", MemberState.Waiting, updated: false), Make("b", MemberState.Waiting, updated: false) };

        var plan = PoolPlan.Make(3, true, replace: false, members);

        plan.Delete.ShouldBeEmpty();
        plan.Create.ShouldBe(1);
    }

    [Fact]
    public void WithoutAReadyRevisionNothingIsMadeAndWaitingOnesStay()
    {
        var members = new[] { Make("a", MemberState.Waiting, updated: false) };

        var plan = PoolPlan.Make(3, canCreate: false, replace: true, members);

        plan.Create.ShouldBe(0);
        plan.Delete.ShouldBeEmpty();
    }

    private static IEnumerable<string> Names(PoolPlan plan) => plan.Delete.Select(m => m.Pod.Metadata.Name);

    private static Member Make(string name, MemberState state, bool updated = true, int age = 0) => new(
        new V1Pod { Metadata = new V1ObjectMeta { Name = name, CreationTimestamp = new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc).AddHours(-age) } }, state, updated);
}
