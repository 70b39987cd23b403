using k8s.Models;
using Templating.Operator.Reconcilers.Pools;

namespace Templating.OperatorTests.Pools;

public sealed class UnscheduledTests
{
    [Fact]
    public void LikeWordsAreToldOnceWithTheirNumberAndTheOftenestFirst() =>
        Of("no CPU.", "no memory.", "no memory.", null).ShouldBe("2 of 4: no memory. 1 of 4: no CPU.");

    [Fact]
    public void ManyKindsAreCounted() =>
        Of("a.", "b.", "c.", "d.", "e.").ShouldBe("1 of 5: a. 1 of 5: b. 1 of 5: c. And 2 more.");

    [Fact]
    public void MembersThatHaveANodeOrWaitForTheirTurnSayNothing()
    {
        Of(null, null).ShouldBeNull();
        Of().ShouldBeNull();
        Unscheduled.Of([new Member(Pod("True", "x"), MemberState.Starting, true)]).ShouldBeNull();
    }

    private static string? Of(params string?[] messages) =>
        Unscheduled.Of([.. messages.Select(message => new Member(Pod("False", message), MemberState.Starting, true))]);

    private static V1Pod Pod(string status, string? message) => new()
    {
        Status = new V1PodStatus { Conditions = message is null ? null : [new V1PodCondition { Type = "PodScheduled", Status = status, Message = message }] },
    };
}
