using k8s;
using k8s.Autorest;
using k8s.Models;
using Templating.Kubernetes;
using Templating.Kubernetes.Resources;
using Templating.OperatorTests.Harness;

namespace Templating.OperatorTests.Clones;

/// <summary>What a real API server refuses, and what its VMClone says of it.</summary>
public sealed class CloneRefusalTests : ByHandTests
{
    private const string Policy = "policy require-cost-center: say who pays";

    private const string ClonesStatus = "UPDATE vmclones.templating.dev/status";

    [Fact]
    public async Task AClaimThatAPolicyRefusesBecomesAColdStartThatSaysWhy()
    {
        await FillPoolAsync(2);
        await using var policy = await RefusingWebhook.StartAsync(Space, Policy, "UPDATE pods");
        await Space.CreateCloneAsync("one", new VMCloneSpec { Pool = "pool" });

        await ReconcileCloneAsync("one");
        await Space.StartPodsAsync();
        var clone = await ReconcileCloneAsync("one");

        Condition(clone, "Ready").ShouldBe(("True", "Ready"));
        clone.Status!.Start.ShouldBe("Cold");
        Message(clone, "Scheduled").ShouldContain(Policy);
        Told("ClaimRefused").ShouldHaveSingleItem().Message.ShouldContain(Policy);
        (await Space.PodsAsync()).Count(p => !p.Metadata.Labels.ContainsKey(Keys.CloneLabel)).ShouldBe(2);

        // What was refused is past, and is still told.
        var before = clone.Metadata.ResourceVersion;
        (await ReconcileCloneAsync("one")).Metadata.ResourceVersion.ShouldBe(before);
    }

    [Fact]
    public async Task WhereAColdStartIsRefusedTooBothAreToldOnce()
    {
        await FillPoolAsync(1);
        await using var policy = await RefusingWebhook.StartAsync(Space, Policy, "UPDATE pods", "CREATE pods");
        await Space.CreateCloneAsync("one", new VMCloneSpec { Pool = "pool" });

        await ReconcileCloneAsync("one");
        var clone = await ReconcileCloneAsync("one");

        Condition(clone, "Accepted").ShouldBe(("True", "Valid"));
        Condition(clone, "Scheduled").ShouldBe(("False", "PodRefused"));
        Message(clone, "Scheduled").Split(Policy).Length.ShouldBe(3);
        Told("PodRefused").ShouldHaveSingleItem();
        await policy.StopAsync();
        clone = await ReconcileCloneAsync("one");
        Condition(clone, "Ready").ShouldBe(("True", "Ready"));
        clone.Status!.Start.ShouldBe("Warm");
    }

    [Fact]
    public async Task AWebhookThatIsDownIsARefusalInTheServersWords()
    {
        await using var webhook = await RefusingWebhook.StartAsync(Space, null, "CREATE pods");
        await Space.CreateCloneAsync("one");

        var clone = await ReconcileCloneAsync("one");

        Condition(clone, "Ready").ShouldBe(("False", "PodRefused"));
        Message(clone, "Scheduled").ShouldContain("failed calling webhook \"deny.example.org\"");
        Told("PodRefused").ShouldHaveSingleItem();
        await webhook.StopAsync();
        Condition(await ReconcileCloneAsync("one"), "Scheduled").ShouldBe(("False", "Scheduling"));
    }

    [Fact]
    public async Task AStatusThatCannotBeWrittenIsToldByOneEventAndTheVMComesAllTheSame()
    {
        await using var webhook = await RefusingWebhook.StartAsync(Space, null, ClonesStatus);
        await Space.CreateCloneAsync("one");
        await Should.ThrowAsync<HttpOperationException>(() => Operator.CloneAsync("one"));
        await Space.StartPodsAsync();
        await Should.ThrowAsync<HttpOperationException>(() => Operator.CloneAsync("one"));

        Space.Node(1).Activations.ShouldHaveSingleItem();
        Told("StatusNotWritten").ShouldHaveSingleItem().Message.ShouldContain("failed calling webhook");
        await webhook.StopAsync();
        Condition(await ReconcileCloneAsync("one"), "Ready").Status.ShouldBe("True");
    }

    /// <summary>Deleting the pod of a VM at its end: no step has an answer to its refusal.</summary>
    [Fact]
    public async Task WhatNoStepHasAnAnswerToIsToldBesideAllThatIsKnown()
    {
        var pod = await StartCloneAsync("one", new VMCloneSpec { Template = TestSpace.Template, ShutdownTime = Operator.Time.GetUtcNow().UtcDateTime.AddMinutes(1) });
        await using var policy = await RefusingWebhook.StartAsync(Space, Policy, "DELETE pods");
        Operator.Time.Advance(TimeSpan.FromMinutes(2));
        await Should.ThrowAsync<HttpOperationException>(() => Operator.CloneAsync("one"));
        var clone = await Space.CloneAsync("one");

        Condition(clone, "Reconciled").ShouldBe(("False", "ApiRefused"));
        Message(clone, "Reconciled").ShouldContain($"DELETE of pods '{pod}' (403)");
        Message(clone, "Reconciled").ShouldContain(Policy);
        Condition(clone, "Ready").ShouldBe(("False", "ApiRefused"));
        Condition(clone, "Accepted").Status.ShouldBe("True");

        await Should.ThrowAsync<HttpOperationException>(() => Operator.CloneAsync("one"));
        (await Space.CloneAsync("one")).Metadata.ResourceVersion.ShouldBe(clone.Metadata.ResourceVersion);
        Told("ApiRefused").ShouldHaveSingleItem();

        await policy.StopAsync();
        clone = await ReconcileCloneAsync("one");
        Condition(clone, "Reconciled").Status.ShouldBe("none");
        Condition(clone, "Ready").ShouldBe(("False", "ShuttingDown"));
    }

    [Fact]
    public async Task AForeignPodOfItsPodsNameIsNamed()
    {
        var clone = await Space.CreateCloneAsync("one");
        var name = Templating.Operator.Pods.PodNames.ForClone("one", clone.Metadata.Uid, 0);
        await Space.Client.CoreV1.CreateNamespacedPodAsync(
            new V1Pod { Metadata = new V1ObjectMeta { Name = name, Labels = new Dictionary<string, string> { [Keys.TemplateLabel] = TestSpace.Template } }, Spec = new V1PodSpec { Containers = [new V1Container { Name = "x", Image = "x" }] } }, Space.Name);

        clone = await ReconcileCloneAsync("one");

        Condition(clone, "Scheduled").ShouldBe(("False", "PodRefused"));
        Message(clone, "Scheduled").ShouldContain(name);
    }

    [Fact]
    public async Task ASecretThatMayNotBeReadIsSaid()
    {
        var bearer = await Accounts.CreateAsync(Space.Client, Space.Name, except: "secrets");
        await using var limited = await OperatorByHand.StartAsync(Space, bearer: bearer);
        await Space.CreateCloneAsync("one", new VMCloneSpec
        {
            Template = TestSpace.Template,
            Env = [new() { Name = "TOKEN", SecretKeyRef = new() { Name = "credentials", Key = "token", Optional = true } }],
        });

        await limited.CloneAsync("one");

        var clone = await Space.CloneAsync("one");
        Condition(clone, "Ready").ShouldBe(("False", "InputMissing"));
        Message(clone, "IdentityConfirmed").ShouldContain("spec.env[0]: Secret 'credentials' may not be read: secrets \"credentials\" is forbidden");
        (await Space.PodsAsync()).ShouldBeEmpty();
    }

    private IEnumerable<(string Name, string Reason, string Message)> Told(string reason) => Operator.Events.Told.Where(e => e.Reason == reason);

    private static string Message(VMClone clone, string type) => clone.Status!.Conditions!.Single(c => c.Type == type).Message;
}
