using Templating.Core.Errors;
using Templating.Core.Machines;
using Templating.Core.Vms;

namespace Templating.UnitTests.Vms;

/// <summary>The one judgement of an end, for clones and for pods.</summary>
public sealed class VmEndTests
{
    private static readonly EndRequest Now = new(TimeSpan.Zero, Untouched: false);
    private static readonly EndRequest Patient = new(TimeSpan.FromMinutes(1), Untouched: false);
    private static readonly EndRequest Unused = new(TimeSpan.Zero, Untouched: true);
    private static readonly TemplatingException Failure = new(ErrorCode.QmpFailed, "No luck.");

    [Fact]
    public void AGuestThatPoweredOffHasStoppedInOrder() =>
        VmEnd.Of(Exit(guestRequested: true), null, null).ShouldBe(new VmEnd(VmState.Stopped, InOrder: true, "the end"));

    [Fact]
    public void APanicIsAFailureAlsoWhereTheGuestThenReboots()
    {
        var end = VmEnd.Of(Exit(guestRequested: true) with { Panicked = true }, null, null);

        end.ShouldBe(new VmEnd(VmState.Failed, InOrder: false, "the end"));
        end.Expected.ShouldBeFalse();
        VmEnd.Of(Exit(guestRequested: true) with { Panicked = true }, null, Patient).State.ShouldBe(VmState.Failed);
    }

    [Fact]
    public void AnEndThatNobodyAskedForIsAFailureWithQemusLastWords()
    {
        VmEnd.Of(Exit(), null, null).ShouldBe(new VmEnd(VmState.Failed, InOrder: false, "the end"));
        VmEnd.Of(Exit() with { StandardError = "abort" }, null, null).Reason.ShouldBe("the end (QEMU said: abort)");
        VmEnd.Of(Exit(), null, null).Expected.ShouldBeFalse();
    }

    [Fact]
    public void AStepThatFailedIsTheReason() =>
        VmEnd.Of(Exit(guestRequested: true), Failure, null).ShouldBe(new VmEnd(VmState.Failed, InOrder: false, "No luck."));

    [Fact]
    public void WhoeverWasToldToEndHasStopped()
    {
        VmEnd.Of(null, null, Now).ShouldBe(new VmEnd(VmState.Stopped, InOrder: true, "told to stop"));
        VmEnd.Of(Exit(), Failure, Now).ShouldBe(new VmEnd(VmState.Stopped, InOrder: true, "told to stop"));
        VmEnd.Of(Exit(), null, Unused).ShouldBe(new VmEnd(VmState.Stopped, InOrder: true, "told to stop"));
        VmEnd.Of(Exit(), null, Now).ShouldBe(new VmEnd(VmState.Stopped, InOrder: false, "the end") { Expected = true });
        VmEnd.Of(Exit(guestRequested: true), null, Patient).ShouldBe(new VmEnd(VmState.Stopped, InOrder: true, "the end"));
        VmEnd.Of(Exit(), null, Patient).Reason.ShouldBe("told to stop; the guest did not power off in time and was killed");
        VmEnd.Of(Exit(), null, Patient).Expected.ShouldBeTrue();
    }

    [Fact]
    public void WhyItWasToEndComesBeforeHowItDid()
    {
        const string Why = "its time was over";
        VmEnd.Of(Exit(guestRequested: true), null, Patient with { Why = Why }).ShouldBe(new VmEnd(VmState.Stopped, InOrder: true, "its time was over; the end"));
        VmEnd.Of(Exit(), null, Patient with { Why = Why }).Reason.ShouldBe("its time was over; the guest did not power off in time and was killed");
        VmEnd.Of(Exit(), Failure, Patient with { Why = Why }).Reason.ShouldBe(Why);
        VmEnd.Of(null, null, Unused with { Why = Why }).ShouldBe(new VmEnd(VmState.Stopped, InOrder: true, Why));
        VmEnd.Of(Exit(guestRequested: true) with { Panicked = true }, null, Patient with { Why = Why }).ShouldBe(new VmEnd(VmState.Failed, InOrder: false, "the end"));
    }

    private static VmExit Exit(bool guestRequested = false) => new(0, null, "the end", guestRequested, "");
}
