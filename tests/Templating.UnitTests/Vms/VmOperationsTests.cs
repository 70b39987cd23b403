using CsCheck;
using Templating.Core.Errors;
using Templating.Core.Machines;
using Templating.Core.Vms;

namespace Templating.UnitTests.Vms;

public sealed class VmOperationsTests
{
    [Fact]
    public void EveryOperationSaysWhereItIsLegal() =>
        VmOperations.Legal.Keys.Order().ShouldBe(Enum.GetValues<VmOperation>().Order());

    [Fact]
    public void OnlyItsRemovalAndItsLastWordsAreToBeHadOnceAVmHasEnded()
    {
        foreach (var ended in new[] { VmState.Stopped, VmState.Failed })
        {
            VmOperations.Legal.Where(l => l.Value.Contains(ended)).Select(l => l.Key).ShouldBe([VmOperation.Console, VmOperation.End]);
        }
    }

    [Fact]
    public void ARefusalNamesTheStateFoundAndThoseAllowed() =>
        Gen.Select(Gen.Enum<VmOperation>(), Gen.Enum<VmState>()).Sample((operation, state) =>
        {
            var view = View(state);
            if (VmOperations.Legal[operation].Contains(state))
            {
                VmOperations.Require(operation, view, "it");
                return;
            }

            var refusal = Should.Throw<TemplatingException>(() => VmOperations.Require(operation, view, "it"));
            if (state == VmState.NotAnswering)
            {
                (refusal.Code, refusal.RetryAfter is null).ShouldBe((ErrorCode.QmpFailed, false));
                return;
            }

            refusal.Code.ShouldBe(ErrorCode.IllegalState);
            refusal.Message.ShouldContain($"it is {state}");
            VmOperations.Legal[operation].ShouldAllBe(s => refusal.Message.Contains(s.ToString()));
        });

    [Fact]
    public void ARefusalSaysWhy() =>
        Should.Throw<TemplatingException>(() => VmOperations.Require(VmOperation.Activate, View(VmState.Failed) with { StateReason = "no luck" }, "the pod"))
            .Message.ShouldBe("Activate of the pod is not possible: it is Failed (no luck); it must be Restored.");

    private static VmView View(VmState state) => new() { State = state, Generation = Guid.Empty, Network = new NetworkSpec(Outbound: false, []) };
}
