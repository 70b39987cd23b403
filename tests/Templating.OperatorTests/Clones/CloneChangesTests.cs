using System.Reflection;
using Templating.Kubernetes.Resources;
using Templating.Kubernetes.Schemas;
using Templating.Operator.Reconcilers.Clones.Work;
using Templating.OperatorTests.Harness;

namespace Templating.OperatorTests.Clones;

/// <summary>Of servers without CEL, and for the next VM: what changes of a VMClone that runs is said, not ignored.</summary>
public sealed class CloneChangesTests : ByHandTests
{
    private static readonly object Changes = new
    {
        spec = new
        {
            env = new[] { new { name = "A", value = "two" } },
            ports = new[] { new { guestPort = 22, port = 2222 } },
            pod = new { labels = new Dictionary<string, string> { ["x"] = "y" } },
        },
    };

    [Fact]
    public async Task WhatNoVMWillEverHaveIsRefusedByName()
    {
        await StartCloneAsync("one", Spec("Never"));
        await Space.PatchAsync<VMClone>("one", Changes);
        var clone = await ReconcileCloneAsync("one");

        Condition(clone, "Accepted").ShouldBe(("False", "ChangesIgnored"));
        Message(clone).ShouldContain("put spec.pod, spec.env, spec.ports back");
        Condition(clone, "Ready").Status.ShouldBe("True");
        clone.Status!.ObservedGeneration.ShouldBe(clone.Metadata.Generation);
        Operator.Events.Told.Count(e => e.Reason == "ChangesIgnored").ShouldBe(1);

        await Space.PatchAsync<VMClone>("one", new { spec = new { env = new[] { new { name = "A", value = "one" } }, ports = (object?)null, pod = (object?)null } });
        Condition(await ReconcileCloneAsync("one"), "Accepted").ShouldBe(("True", "Valid"));
    }

    [Fact]
    public async Task WhatTheNextVMWillHaveIsSaidAndItHasIt()
    {
        var pod = await StartCloneAsync("one", Spec("OnFailure"));
        await Space.PatchAsync<VMClone>("one", Changes);
        var clone = await ReconcileCloneAsync("one");
        Condition(clone, "Accepted").ShouldBe(("True", "ChangesPending"));
        Message(clone).ShouldContain("spec.pod, spec.env, spec.ports");

        await Space.Kubelet.EndAsync(pod, 1, "Error", "it broke");
        await ReconcileCloneAsync("one");
        await Space.Kubelet.RemoveAsync(pod);
        Operator.Time.Advance(TimeSpan.FromSeconds(3));
        clone = await ReconcileCloneAsync("one");
        await Space.StartPodsAsync();
        clone = await ReconcileCloneAsync("one");

        Condition(clone, "Ready").Status.ShouldBe("True");
        Condition(clone, "Accepted").ShouldBe(("True", "Valid"));
        Space.Node(1).Activations.Last().Activation.Environment["A"].ShouldBe("two");
        (await Space.PodsAsync()).ShouldHaveSingleItem().Metadata.Labels["x"].ShouldBe("y");
    }

    [Fact]
    public async Task BeforeTheVMIsToldAChangeIsJustTheSpec()
    {
        await Space.CreateCloneAsync("one", Spec("Never"));
        await ReconcileCloneAsync("one");
        await Space.PatchAsync<VMClone>("one", new { spec = new { env = new[] { new { name = "A", value = "two" } } } });
        await Space.StartPodsAsync();
        var clone = await ReconcileCloneAsync("one");

        Condition(clone, "Accepted").ShouldBe(("True", "Valid"));
        Space.Node(1).Activations.ShouldHaveSingleItem().Activation.Environment["A"].ShouldBe("two");
    }

    [Fact]
    public async Task OfAFinishedOneOnlyItsTimeToLiveAfterThatMayChange()
    {
        await Space.Kubelet.EndAsync(await StartCloneAsync("one", Spec("Never")), 0);
        await ReconcileCloneAsync("one");
        await Space.PatchAsync<VMClone>("one", new { spec = new { ttlSecondsAfterFinished = 600 } });
        Condition(await ReconcileCloneAsync("one"), "Accepted").ShouldBe(("True", "Valid"));

        await Space.PatchAsync<VMClone>("one", new { spec = new { restartPolicy = "Always" } });
        var clone = await ReconcileCloneAsync("one");

        Condition(clone, "Accepted").ShouldBe(("False", "ChangesIgnored"));
        Message(clone).ShouldBe("It has finished, so spec.restartPolicy cannot change any more; make another VMClone.");
        (await Space.PodsAsync()).ShouldHaveSingleItem();
    }

    /// <summary>Servers with CEL and the operator have one list, and each field of the spec is on it or has its effect at any time.</summary>
    [Fact]
    public void EveryFieldIsFixedSaidOrEffective()
    {
        var fixedOnes = typeof(VMClone).GetCustomAttributes<GivenAtStartAttribute>().Select(rule => rule.Field)
            .Concat(typeof(VMClone).GetCustomAttributes<FixedAtEndAttribute>().Select(rule => rule.Field))
            .Concat(typeof(VMCloneSpec).GetCustomAttributes<CelAttribute>().Select(rule => rule.Message.Split(' ')[0])).ToList();
        var fields = typeof(VMCloneSpec).GetProperties().Select(p => System.Text.Json.JsonNamingPolicy.CamelCase.ConvertName(p.Name)).ToList();

        fields.Except(fixedOnes, StringComparer.Ordinal).ShouldBe(["ttlSecondsAfterFinished"]);
        fixedOnes.Except(fields, StringComparer.Ordinal).ShouldBeEmpty();
        var given = fields.ToDictionary(field => field, _ => "another digest", StringComparer.Ordinal);
        GivenSpec.Changed(new VMCloneSpec(), given).ShouldBe(fixedOnes, ignoreOrder: true);
        typeof(VMClone).GetCustomAttributes<GivenAtStartAttribute>()
            .ShouldAllBe(rule => typeof(VMCloneStatus).GetProperties().Any(p => System.Text.Json.JsonNamingPolicy.CamelCase.ConvertName(p.Name) == rule.Since));
    }

    private static VMCloneSpec Spec(string restartPolicy) => new()
    {
        Template = TestSpace.Template,
        Env = [new() { Name = "A", Value = "one" }],
        RestartPolicy = restartPolicy,
    };

    private static string Message(VMClone clone) => clone.Status!.Conditions!.Single(c => c.Type == "Accepted").Message;
}
