using CsCheck;
using Templating.Core.Clones;
using Templating.Core.Errors;
using Templating.Core.Machines;
using Templating.Core.Names;
using Templating.Core.Templates;

namespace Templating.UnitTests.Clones;

public sealed class CloneOperationsTests
{
    [Fact]
    public void EveryOperationSaysWhereItIsLegal() =>
        CloneOperations.Legal.Keys.Order().ShouldBe(Enum.GetValues<CloneOperation>().Order());

    [Fact]
    public void OnlyDeleteIsLegalOnceACloneHasEnded()
    {
        foreach (var ended in new[] { CloneState.Stopped, CloneState.Failed })
        {
            CloneOperations.Legal.Where(l => l.Value.Contains(ended)).Select(l => l.Key).ShouldBe([CloneOperation.Delete]);
        }
    }

    [Fact]
    public void ARefusalNamesTheStateFoundAndThoseAllowed() =>
        Gen.Select(Gen.Enum<CloneOperation>(), Gen.Enum<CloneState>()).Sample((operation, state) =>
        {
            var clone = View(state);
            if (CloneOperations.Legal[operation].Contains(state))
            {
                CloneOperations.Require(operation, clone);
                return;
            }

            var refusal = Should.Throw<TemplatingException>(() => CloneOperations.Require(operation, clone));
            refusal.Code.ShouldBe(ErrorCode.IllegalState);
            refusal.Message.ShouldContain($"it is {state}");
            CloneOperations.Legal[operation].ShouldAllBe(s => refusal.Message.Contains(s.ToString()));
        });

    private static CloneView View(CloneState state) => new()
    {
        Name = new CloneName("a", "b"),
        Template = new RevisionName(new TemplateName("a", "t"), new string('0', 32)),
        State = state,
        CreatedAt = DateTimeOffset.UnixEpoch,
        Generation = Guid.Empty,
        Network = new NetworkSpec(Outbound: false, []),
        ChargedBytes = 0,
    };
}
