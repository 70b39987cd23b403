using System.Text;
using k8s;
using k8s.Models;
using Templating.Kubernetes;
using Templating.Kubernetes.Resources;
using Templating.OperatorTests.Harness;

namespace Templating.OperatorTests.Clones;

public sealed class CloneTests : ByHandTests
{
    [Fact]
    public async Task AClonesWholeColdLife()
    {
        await Space.CreateCloneAsync("one", new VMCloneSpec
        {
            Template = TestSpace.Template,
            Ports = [new() { GuestPort = 80, Port = 8080 }],
            TtlSecondsAfterFinished = 60,
        });
        var clone = await ReconcileCloneAsync("one");
        Condition(clone, "Accepted").ShouldBe(("True", "Valid"));
        Condition(clone, "Scheduled").Status.ShouldBe("False");
        var pod = (await Space.PodsAsync()).ShouldHaveSingleItem();

        await Space.StartPodsAsync();
        clone = await ReconcileCloneAsync("one");

        foreach (var type in new[] { "Accepted", "Scheduled", "Restored", "IdentityConfirmed", "Ready" })
        {
            Condition(clone, type).Status.ShouldBe("True", type);
        }

        clone.Status!.PodName.ShouldBe(pod.Metadata.Name);
        clone.Status.NodeName.ShouldBe(Space.Node(1).Name);
        clone.Status.Start.ShouldBe("Cold");
        clone.Status.Hostname.ShouldBe("one");
        clone.Status.Ip.ShouldNotBeNullOrEmpty();
        clone.Status.Phases!.Select(p => p.Name).ShouldBe(["scheduled", "restored", "identity"]);
        var activation = Space.Node(1).Activations.ShouldHaveSingleItem().Activation;
        activation.RequestId.ShouldBe(clone.Metadata.Uid);
        activation.Forwards.ShouldHaveSingleItem().HostPort.ShouldBe(8080);

        await Space.Kubelet.EndAsync(pod.Metadata.Name, 0);
        clone = await ReconcileCloneAsync("one");
        Condition(clone, "Finished").ShouldBe(("True", "GuestPoweredOff"));
        Condition(clone, "Ready").Status.ShouldBe("False");

        Operator.Time.Advance(TimeSpan.FromSeconds(70));
        await Operator.CloneAsync("one");
        (await Space.GetAsync<VMClone>("one")).ShouldBeNull();
    }

    [Theory]
    [InlineData("")]
    [InlineData("10.0.0.7")]
    public async Task ACloneIsReadyWithTheAddressThatItsPodWasToldAndElseWhenTheKubeletTellsIt(string ownIp)
    {
        await Space.CreateCloneAsync("one");
        await ReconcileCloneAsync("one");
        var pod = (await Space.PodsAsync()).ShouldHaveSingleItem();
        Space.Wait(await Space.Kubelet.StrandAsync(pod.Metadata.Name, Space.Node(1).Name), ownIp);

        var clone = await ReconcileCloneAsync("one");

        Condition(clone, "IdentityConfirmed").Status.ShouldBe("True");
        Condition(clone, "Ready").ShouldBe(ownIp.Length == 0 ? ("False", "AddressPending") : ("True", "Ready"));
        (clone.Status!.Ip ?? "").ShouldBe(ownIp);

        var told = await Space.Kubelet.TellRunningAsync(pod.Metadata.Name);
        clone = await ReconcileCloneAsync("one");
        Condition(clone, "Ready").Status.ShouldBe("True");
        clone.Status!.Ip.ShouldBe(told.Status.PodIP);
    }

    [Fact]
    public async Task AReadyCloneIsWrittenNoMore()
    {
        await StartCloneAsync("one");
        var before = (await Space.CloneAsync("one")).Metadata.ResourceVersion;

        await ReconcileCloneAsync("one");
        var after = await ReconcileCloneAsync("one");

        after.Metadata.ResourceVersion.ShouldBe(before);
        Space.Node(1).Activations.Count.ShouldBe(1);
    }

    [Fact]
    public async Task AWarmCloneTakesAWaitingPodWithItsLabelsAndOwner()
    {
        await FillPoolAsync(2);
        await Space.CreateCloneAsync("one", new VMCloneSpec { Pool = "pool", Pod = new() { Labels = new() { ["app"] = "shop" } } });

        var clone = await ReconcileCloneAsync("one");

        Condition(clone, "Ready").Status.ShouldBe("True");
        clone.Status!.Start.ShouldBe("Warm");
        var pod = (await Space.PodsAsync()).Single(p => p.Metadata.Uid == clone.Status.PodUid);
        pod.Metadata.OwnerReferences.ShouldHaveSingleItem().Uid.ShouldBe(clone.Metadata.Uid);
        pod.Metadata.Labels["app"].ShouldBe("shop");
        pod.Metadata.Labels[Keys.PoolLabel].ShouldBe("pool");
        (await Space.PodsAsync()).Count.ShouldBe(2);
    }

    [Fact]
    public async Task AnEmptyPoolMeansAColdClone()
    {
        await Space.CreatePoolAsync("pool", 0);
        await Space.CreateCloneAsync("one", new VMCloneSpec { Pool = "pool" });
        await ReconcileCloneAsync("one");
        await Space.StartPodsAsync();

        var clone = await ReconcileCloneAsync("one");

        Condition(clone, "Ready").Status.ShouldBe("True");
        clone.Status!.Start.ShouldBe("Cold");
    }

    [Fact]
    public async Task AClaimThatACrashLeftWithoutStatusIsFoundAgain()
    {
        await FillPoolAsync(2);
        await Space.CreateCloneAsync("one", new VMCloneSpec { Pool = "pool" });
        using var crash = new CancellationTokenSource();
        Space.Node(1).BeforeActivation = _ => crash.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => Operator.CloneAsync("one", crash.Token));
        (await Space.CloneAsync("one")).Status?.PodName.ShouldBeNull();

        await using var next = await OperatorByHand.StartAsync(Space);
        await next.CloneAsync("one");

        var clone = await Space.CloneAsync("one");
        Condition(clone, "Ready").Status.ShouldBe("True");
        Space.Node(1).Activations.Select(a => a.Name.Split('/')[^1]).Distinct().ShouldBe([clone.Status!.PodUid]);
        Space.Node(1).Activations.Select(a => a.Activation.RequestId).Distinct().ShouldBe([clone.Metadata.Uid]);
        (await Space.PodsAsync()).Count(p => p.Metadata.Labels.ContainsKey(Keys.CloneLabel)).ShouldBe(1);
    }

    [Fact]
    public async Task AMissingSecretIsWaitedForAndItsValueIsNowhereButInTheGuest()
    {
        const string Secret = "hunter2-do-not-tell";
        await FillPoolAsync(1);
        await Space.CreateCloneAsync("one", new VMCloneSpec
        {
            Pool = "pool",
            Env = [new() { Name = "TOKEN", SecretKeyRef = new() { Name = "credentials", Key = "token" } }],
            Files = [new() { Path = "/etc/no", ConfigMapKeyRef = new() { Name = "none", Key = "x", Optional = true } }],
        });
        var result = await Operator.CloneAsync("one");
        result.RequeueAfter.ShouldNotBeNull();
        var clone = await Space.CloneAsync("one");
        Condition(clone, "IdentityConfirmed").ShouldBe(("False", "InputMissing"));
        clone.Status!.PodName.ShouldBeNull();

        await Space.Client.CoreV1.CreateNamespacedSecretAsync(
            new V1Secret
            {
                Metadata = new V1ObjectMeta { Name = "credentials" },
                Data = new Dictionary<string, byte[]> { ["token"] = Encoding.UTF8.GetBytes(Secret) },
            },
            Space.Name);
        clone = await ReconcileCloneAsync("one");

        Condition(clone, "Ready").Status.ShouldBe("True");
        var activation = Space.Node(1).Activations.ShouldHaveSingleItem().Activation;
        activation.Environment["TOKEN"].ShouldBe(Secret);
        activation.Files.ShouldBeEmpty();
        KubernetesJson.Serialize(clone).ShouldNotContain(Secret);
        KubernetesJson.Serialize(await Space.PodsAsync()).ShouldNotContain(Secret);
        Operator.Events.Told.ShouldAllBe(e => !e.Message.Contains(Secret, StringComparison.Ordinal));
    }

    /// <summary>One variable more than its limit by its separators; a NUL; both only seen when the Secret is read.</summary>
    [Theory]
    [InlineData("TOO_LONG", 65_536 - 8 - 1, 'x')]
    [InlineData("NUL", 1, '\0')]
    public async Task ASecretsValueThatTheNodeWouldRefuseTakesNoVM(string key, int length, char filling)
    {
        await FillPoolAsync(1);
        await Space.Client.CoreV1.CreateNamespacedSecretAsync(
            new V1Secret
            {
                Metadata = new V1ObjectMeta { Name = "credentials" },
                Data = new Dictionary<string, byte[]> { [key] = Encoding.UTF8.GetBytes(new string(filling, length)) },
            },
            Space.Name);
        await Space.CreateCloneAsync("one", new VMCloneSpec
        {
            Pool = "pool",
            Env = [new() { Name = key, SecretKeyRef = new() { Name = "credentials", Key = key } }],
            RestartPolicy = "Always",
        });

        var clone = await ReconcileCloneAsync("one");

        Condition(clone, "IdentityConfirmed").ShouldBe(("False", "InputMissing"));
        clone.Status!.PodName.ShouldBeNull();
        (await Space.PodsAsync()).ShouldAllBe(pod => !pod.Metadata.Labels.ContainsKey(Keys.CloneLabel));
        Space.Node(1).Activations.ShouldBeEmpty();
    }

    [Fact]
    public async Task AnInvalidSpecIsNamedInAConditionAndGetsNoPod()
    {
        // The schema lets it through: which keys are ours it cannot say.
        await Space.CreateCloneAsync("one", new VMCloneSpec
        {
            Template = TestSpace.Template,
            Pod = new() { Labels = new() { [Keys.CloneLabel] = "x" } },
            Env = [new() { Name = "A" }, new() { Name = "A" }],
        });

        var clone = await ReconcileCloneAsync("one");

        Condition(clone, "Accepted").ShouldBe(("False", "InvalidSpec"));
        var message = clone.Status!.Conditions!.Single(c => c.Type == "Accepted").Message;
        message.ShouldContain("spec.pod.labels[templating.dev/clone]");
        message.ShouldContain("spec.env[1].name");
        (await Space.PodsAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task WithoutItsTemplateItWaitsAndSaysSo()
    {
        await Space.CreateCloneAsync("one", new VMCloneSpec { Template = "none" });

        var clone = await ReconcileCloneAsync("one");

        Condition(clone, "Scheduled").ShouldBe(("False", "TemplateNotFound"));
        (await Space.PodsAsync()).ShouldBeEmpty();
    }
}
