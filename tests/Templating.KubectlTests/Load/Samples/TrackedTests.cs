using k8s.Models;
using Templating.Kubectl.Load.Recipes;
using Templating.Kubectl.Load.Samples;
using Templating.Kubernetes;

namespace Templating.KubectlTests.Load.Samples;

public sealed class TrackedTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public void AVmClonesConditionsAreItsMoments()
    {
        var clone = Cluster.Clone(
            Cluster.Condition("Scheduled", "True", "Claimed"), Cluster.Condition("Restored", "True", "Restored"), Cluster.Condition("Ready", "False", "Starting"));
        clone.Status!.Start = StartKinds.Warm;
        var seen = Observation.Of(clone);
        (seen.IsPlaced, seen.IsStarted, seen.IsReady, seen.End, seen.Start).ShouldBe((true, true, false, null, StartKinds.Warm));
        seen.Hint.ShouldBe("Starting");
    }

    [Fact]
    public void AVmCloneThatFinishedHasAnEnd() =>
        Observation.Of(Cluster.Clone(Cluster.Condition("Finished", "True", "VMFailed"))).End.ShouldBe("VMFailed");

    [Fact]
    public void APodsStatusIsItsMoments()
    {
        var pod = Cluster.Pod();
        (Observation.Of(pod).IsPlaced, Observation.Of(pod).IsStarted, Observation.Of(pod).IsReady).ShouldBe((true, true, false));
        pod.Status = new V1PodStatus { Phase = "Failed", Reason = "Evicted" };
        Observation.Of(pod).End.ShouldBe("Evicted");
    }

    [Fact]
    public void TheFirstTimeOfAMomentCounts()
    {
        var tracked = Make();
        tracked.See(new Observation { IsPlaced = true }, Second);
        tracked.See(new Observation { IsPlaced = true, IsReady = true }, 2 * Second);
        var sample = tracked.ToSample();
        (sample.Placed, sample.Ready).ShouldBe((1, 2));
        tracked.Settled.IsCompleted.ShouldBeTrue();
    }

    [Fact]
    public void TheFirstReasonCountsAndWhatWasUsableDoesNotFailAnyMore()
    {
        var failed = Make();
        failed.Fail("one");
        failed.Fail("two");
        failed.ToSample().Failure.ShouldBe("one");

        var usable = Make();
        usable.Mark(Moment.Usable, Second);
        usable.See(new Observation { End = "GuestPoweredOff" }, 2 * Second);
        usable.ToSample().Failure.ShouldBeNull();
    }

    [Fact]
    public void WhatIsNotReadyAnyMoreHasEndedAtThatMomentAndByTheBetterReason()
    {
        var tracked = Usable();
        tracked.See(new Observation { Hint = "VMLost" }, 2 * Second);
        tracked.ToSample().EndReason.ShouldBe("VMLost");
        tracked.See(new Observation { End = "PodDeleted" }, 3 * Second);
        tracked.See(new Observation { Hint = "VMLost" }, 4 * Second);
        var sample = tracked.ToSample();
        (sample.Ended, sample.EndReason, sample.Failure).ShouldBe((2, "PodDeleted", null));
    }

    [Fact]
    public void WhatSomebodyElseDeletedAfterItWasUsableHasEndedAndWhatWeDeletedHasNot()
    {
        var theirs = Usable();
        theirs.SeeGone(2 * Second);
        (theirs.ToSample().Ended, theirs.ToSample().EndReason, theirs.ToSample().Failure).ShouldBe((2, "deleted by somebody else", null));

        var ours = Usable();
        ours.Mark(Moment.Deleted, 2 * Second);
        ours.See(new Observation { End = "Succeeded" }, 3 * Second);
        ours.SeeGone(4 * Second);
        (ours.ToSample().Ended, ours.ToSample().EndReason).ShouldBe((null, null));
    }

    [Fact]
    public void WhatHasFailedIsNotUsableWhateverItAnsweredAtTheSameMoment()
    {
        var tracked = Make();
        tracked.Fail("ended: VMFailed");
        tracked.Mark(Moment.Usable, Second);
        tracked.ToSample().Usable.ShouldBeNull();
    }

    [Fact]
    public void WhatSomebodyElseDeletedHasFailedAndWhatWeDeletedHasNot()
    {
        var theirs = Make();
        theirs.SeeGone(Second);
        theirs.ToSample().Failure.ShouldBe("deleted by somebody else");
        theirs.Settled.IsCompleted.ShouldBeTrue();

        var ours = Make();
        ours.Mark(Moment.Deleted, Second);
        ours.SeeGone(2 * Second);
        (ours.ToSample().Failure, ours.ToSample().Gone).ShouldBe((null, 2));
        ours.Gone.IsCompleted.ShouldBeTrue();
    }

    [Fact]
    public void WhereItWasIsKeptWhenItsEndSaysLess()
    {
        var tracked = Make();
        tracked.See(new Observation { Node = "node-1", Start = StartKinds.Cold }, Second);
        tracked.See(new Observation { End = "PodDeleted" }, Second);
        (tracked.ToSample().Node, tracked.ToSample().Start, tracked.ToSample().Failure).ShouldBe(("node-1", StartKinds.Cold, "ended: PodDeleted"));
    }

    private static Tracked Usable()
    {
        var tracked = Make();
        tracked.See(new Observation { IsReady = true }, Second);
        tracked.Mark(Moment.Usable, Second);
        return tracked;
    }

    private static Tracked Make() => new("team-a", "load-x-1", new Subject { Name = "vm", Pool = "web" }, 0);
}
