using Templating.Core.Errors;
using Templating.Core.Machines;
using Templating.Core.Pods;

namespace Templating.UnitTests.Pods;

public sealed class PodOperationsTests
{
    [Fact]
    public void EveryStateAndOperationIsInTheTables()
    {
        PodOperations.Next.Keys.ShouldBe(Enum.GetValues<PodState>(), ignoreOrder: true);
        PodOperations.Legal.Keys.ShouldBe(Enum.GetValues<PodOperation>(), ignoreOrder: true);
    }

    [Fact]
    public void OnlyStoppedAndFailedAreEndsAndEveryOtherStateLeadsToThem()
    {
        Enum.GetValues<PodState>().Where(PodOperations.IsEnd).ShouldBe([PodState.Stopped, PodState.Failed]);
        foreach (var (state, next) in PodOperations.Next.Where(p => !PodOperations.IsEnd(p.Key)))
        {
            next.ShouldContain(PodState.Stopped, state.ToString());
            next.ShouldContain(PodState.Failed, state.ToString());
        }
    }

    [Fact]
    public void NoWayLeadsBackToWaiting() =>
        PodOperations.Next.Where(p => p.Value.Contains(PodState.Waiting)).Select(p => p.Key).ShouldBe([PodState.Starting]);

    [Fact]
    public void ARefusalNamesTheStateAndWhatIsAllowed()
    {
        var pod = new PodView { State = PodState.Failed, StateReason = "no luck", Generation = Guid.NewGuid(), Network = new NetworkSpec(false, []) };

        var refusal = Should.Throw<TemplatingException>(() => PodOperations.Require(PodOperation.Activate, pod));

        refusal.Code.ShouldBe(ErrorCode.IllegalState);
        refusal.Message.ShouldBe("Activate is not possible: the pod is Failed (no luck); it must be Waiting.");
    }
}
