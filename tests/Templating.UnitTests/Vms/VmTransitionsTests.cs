using Templating.Core.Machines;
using Templating.Core.Vms;

namespace Templating.UnitTests.Vms;

public sealed class VmTransitionsTests
{
    [Fact]
    public void EveryStateIsInTheTable() =>
        VmTransitions.Next.Keys.ShouldBe(Enum.GetValues<VmState>(), ignoreOrder: true);

    [Fact]
    public void OnlyStoppedAndFailedAreEndsAndEveryOtherStateLeadsToThem()
    {
        Enum.GetValues<VmState>().Where(VmTransitions.IsEnd).ShouldBe([VmState.Stopped, VmState.Failed]);
        foreach (var (state, next) in VmTransitions.Next.Where(p => !VmTransitions.IsEnd(p.Key)))
        {
            next.ShouldContain(VmState.Stopped, state.ToString());
            next.ShouldContain(VmState.Failed, state.ToString());
        }
    }

    [Fact]
    public void NoWayLeadsBackToTheFrozenMoment() =>
        VmTransitions.Next.Where(p => p.Value.Contains(VmState.Restored)).Select(p => p.Key).ShouldBe([VmState.Prepared]);

    [Fact]
    public void AStatusTakesOnlyLegalStepsAndNothingAfterItsEnd()
    {
        foreach (var from in Enum.GetValues<VmState>())
        {
            foreach (var to in Enum.GetValues<VmState>())
            {
                var told = 0;
                var status = new VmStatus(View(from), _ => told++);
                var legal = VmTransitions.Next[from].Contains(to);

                status.TryChange(v => v with { State = to, Pid = 1 }).ShouldBe(legal || (from == to && !VmTransitions.IsEnd(from)), $"{from} to {to}");

                told.ShouldBe(status.View.Pid);
                status.View.State.ShouldBe(legal ? to : from);
            }
        }
    }

    private static VmView View(VmState state) => new() { State = state, Generation = Guid.Empty, Network = new NetworkSpec(Outbound: false, []) };
}
