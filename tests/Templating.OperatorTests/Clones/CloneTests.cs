using System.Text;
using Grpc.Core;
using k8s;
using k8s.Models;
using Templating.Api.Client;
using Templating.Kubernetes;
using Templating.OperatorTests.Standins;

namespace Templating.OperatorTests.Clones;

/// <summary>Each test calls the reconciler itself, so that every step is seen.</summary>
[Collection(VmServer.Collection)]
public sealed class CloneTests(VmServer server) : IAsyncLifetime
{
    private VmNamespace _space = null!;
    private VmOperator _operator = null!;

    public async Task InitializeAsync()
    {
        _space = await VmNamespace.CreateAsync(server);
        _operator = await VmOperator.StartAsync(_space);
    }

    public async Task DisposeAsync()
    {
        await _operator.DisposeAsync();
        await _space.DisposeAsync();
    }

    [Fact]
    public async Task AClonesWholeColdLife()
    {
        await _space.CreateAsync(_space.Clone("one", new VMCloneSpec
        {
            Template = VmNamespace.Template,
            Ports = [new() { GuestPort = 80, Port = 8080 }],
            TtlSecondsAfterFinished = 60,
        }));
        var clone = await ReconcileAsync("one");
        Condition(clone, "Accepted").ShouldBe(("True", "Valid"));
        Condition(clone, "Scheduled").Status.ShouldBe("False");
        var pod = (await _space.PodsAsync()).ShouldHaveSingleItem();

        await _space.StartPodsAsync();
        clone = await ReconcileAsync("one");

        foreach (var type in new[] { "Accepted", "Scheduled", "Restored", "IdentityConfirmed", "Ready" })
        {
            Condition(clone, type).Status.ShouldBe("True", type);
        }

        clone.Status!.PodName.ShouldBe(pod.Metadata.Name);
        clone.Status.NodeName.ShouldBe(_space.Node.Name);
        clone.Status.Start.ShouldBe("Cold");
        clone.Status.Hostname.ShouldBe("one");
        clone.Status.Ip.ShouldNotBeNullOrEmpty();
        clone.Status.Phases!.Select(p => p.Name).ShouldBe(["scheduled", "restored", "identity"]);
        var activation = _space.Node.Activations.ShouldHaveSingleItem().Activation;
        activation.RequestId.ShouldBe(clone.Metadata.Uid);
        activation.Forwards.ShouldHaveSingleItem().HostPort.ShouldBe(8080);

        await _space.Kubelet.EndAsync(pod.Metadata.Name, 0);
        clone = await ReconcileAsync("one");
        Condition(clone, "Finished").ShouldBe(("True", "GuestPoweredOff"));
        Condition(clone, "Ready").Status.ShouldBe("False");

        _operator.Time.Advance(TimeSpan.FromSeconds(70));
        await _operator.CloneAsync(_space.Key("one"));
        await Should.ThrowAsync<k8s.Autorest.HttpOperationException>(() => _space.GetCloneAsync("one"));
    }

    [Fact]
    public async Task AReadyCloneIsWrittenNoMore()
    {
        await StartAsync("one");
        var before = (await _space.GetCloneAsync("one")).Metadata.ResourceVersion;

        await ReconcileAsync("one");
        var after = await ReconcileAsync("one");

        after.Metadata.ResourceVersion.ShouldBe(before);
        _space.Node.Activations.Count.ShouldBe(1);
    }

    [Fact]
    public async Task AWarmCloneTakesAWaitingPodWithItsLabelsAndOwner()
    {
        await FillPoolAsync(2);
        await _space.CreateAsync(_space.Clone("one", new VMCloneSpec { Pool = "pool", Pod = new() { Labels = new() { ["app"] = "shop" } } }));

        var clone = await ReconcileAsync("one");

        Condition(clone, "Ready").Status.ShouldBe("True");
        clone.Status!.Start.ShouldBe("Warm");
        var pod = (await _space.PodsAsync()).Single(p => p.Metadata.Uid == clone.Status.PodUid);
        pod.Metadata.OwnerReferences.ShouldHaveSingleItem().Uid.ShouldBe(clone.Metadata.Uid);
        pod.Metadata.Labels["app"].ShouldBe("shop");
        pod.Metadata.Labels[Keys.PoolLabel].ShouldBe("pool");
        (await _space.PodsAsync()).Count.ShouldBe(2);
    }

    [Fact]
    public async Task AnEmptyPoolMeansAColdClone()
    {
        await _space.CreateAsync(_space.Pool("pool", 0));
        await _space.CreateAsync(_space.Clone("one", new VMCloneSpec { Pool = "pool" }));
        await ReconcileAsync("one");
        await _space.StartPodsAsync();

        var clone = await ReconcileAsync("one");

        Condition(clone, "Ready").Status.ShouldBe("True");
        clone.Status!.Start.ShouldBe("Cold");
    }

    [Fact]
    public async Task AClaimThatACrashLeftWithoutStatusIsFoundAgain()
    {
        await FillPoolAsync(2);
        await _space.CreateAsync(_space.Clone("one", new VMCloneSpec { Pool = "pool" }));
        _space.Node.Refusals.Enqueue(new InvalidOperationException("The process ends here."));
        await Should.ThrowAsync<InvalidOperationException>(() => _operator.CloneAsync(_space.Key("one")));
        (await _space.GetCloneAsync("one")).Status?.PodName.ShouldBeNull();

        await using var next = await VmOperator.StartAsync(_space);
        await next.CloneAsync(_space.Key("one"));

        var clone = await _space.GetCloneAsync("one");
        Condition(clone, "Ready").Status.ShouldBe("True");
        _space.Node.Activations.Select(a => a.PodUid).Distinct().ShouldBe([clone.Status!.PodUid]);
        _space.Node.Activations.Select(a => a.Activation.RequestId).Distinct().ShouldBe([clone.Metadata.Uid]);
        (await _space.PodsAsync()).Count(p => p.Metadata.Labels.ContainsKey(Keys.CloneLabel)).ShouldBe(1);
    }

    [Fact]
    public async Task AMissingSecretIsWaitedForAndItsValueIsNowhereButInTheGuest()
    {
        const string Secret = "hunter2-do-not-tell";
        await FillPoolAsync(1);
        await _space.CreateAsync(_space.Clone("one", new VMCloneSpec
        {
            Pool = "pool",
            Env = [new() { Name = "TOKEN", SecretKeyRef = new() { Name = "credentials", Key = "token" } }],
            Files = [new() { Path = "/etc/no", ConfigMapKeyRef = new() { Name = "none", Key = "x", Optional = true } }],
        }));
        var result = await _operator.CloneAsync(_space.Key("one"));
        result.RequeueAfter.ShouldNotBeNull();
        var clone = await _space.GetCloneAsync("one");
        Condition(clone, "IdentityConfirmed").ShouldBe(("False", "InputMissing"));
        clone.Status!.PodName.ShouldBeNull();

        await _space.Client.CoreV1.CreateNamespacedSecretAsync(
            new V1Secret
            {
                Metadata = new V1ObjectMeta { Name = "credentials" },
                Data = new Dictionary<string, byte[]> { ["token"] = Encoding.UTF8.GetBytes(Secret) },
            },
            _space.Name);
        clone = await ReconcileAsync("one");

        Condition(clone, "Ready").Status.ShouldBe("True");
        var activation = _space.Node.Activations.ShouldHaveSingleItem().Activation;
        activation.Environment["TOKEN"].ShouldBe(Secret);
        activation.Files.ShouldBeEmpty();
        KubernetesJson.Serialize(clone).ShouldNotContain(Secret);
        KubernetesJson.Serialize(await _space.PodsAsync()).ShouldNotContain(Secret);
        _operator.Events.Told.ShouldAllBe(e => !e.Message.Contains(Secret, StringComparison.Ordinal));
    }

    /// <summary>One variable more than its limit by its separators; a NUL; both only seen when the Secret is read.</summary>
    [Theory]
    [InlineData("TOO_LONG", 65_536 - 8 - 1, 'x')]
    [InlineData("NUL", 1, '\0')]
    public async Task ASecretsValueThatTheNodeWouldRefuseTakesNoVM(string key, int length, char filling)
    {
        await FillPoolAsync(1);
        await _space.Client.CoreV1.CreateNamespacedSecretAsync(
            new V1Secret
            {
                Metadata = new V1ObjectMeta { Name = "credentials" },
                Data = new Dictionary<string, byte[]> { [key] = Encoding.UTF8.GetBytes(new string(filling, length)) },
            },
            _space.Name);
        await _space.CreateAsync(_space.Clone("one", new VMCloneSpec
        {
            Pool = "pool",
            Env = [new() { Name = key, SecretKeyRef = new() { Name = "credentials", Key = key } }],
            RestartPolicy = "Always",
        }));

        var clone = await ReconcileAsync("one");

        Condition(clone, "IdentityConfirmed").ShouldBe(("False", "InputMissing"));
        clone.Status!.PodName.ShouldBeNull();
        (await _space.PodsAsync()).ShouldAllBe(pod => !pod.Metadata.Labels.ContainsKey(Keys.CloneLabel));
        _space.Node.Activations.ShouldBeEmpty();
    }

    [Fact]
    public async Task AnInvalidSpecIsNamedInAConditionAndGetsNoPod()
    {
        // The schema lets it through: which keys are ours it cannot say.
        await _space.CreateAsync(_space.Clone("one", new VMCloneSpec
        {
            Template = VmNamespace.Template,
            Pod = new() { Labels = new() { [Keys.CloneLabel] = "x" } },
            Env = [new() { Name = "A" }, new() { Name = "A" }],
        }));

        var clone = await ReconcileAsync("one");

        Condition(clone, "Accepted").ShouldBe(("False", "InvalidSpec"));
        var message = clone.Status!.Conditions!.Single(c => c.Type == "Accepted").Message;
        message.ShouldContain("spec.pod.labels[templating.dev/clone]");
        message.ShouldContain("spec.env[1].name");
        (await _space.PodsAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task WithoutItsTemplateItWaitsAndSaysSo()
    {
        await _space.CreateAsync(_space.Clone("one", new VMCloneSpec { Template = "none" }));

        var clone = await ReconcileAsync("one");

        Condition(clone, "Scheduled").ShouldBe(("False", "TemplateNotFound"));
        (await _space.PodsAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task AFailedVMIsRemadeAfterAPauseWithARequestIdOfItsOwn()
    {
        var pod = await StartAsync("one", new VMCloneSpec { Template = VmNamespace.Template, RestartPolicy = "OnFailure" });
        await _space.Kubelet.EndAsync(pod, 137, "OOMKilled");

        var result = await _operator.CloneAsync(_space.Key("one"));
        result.RequeueAfter.ShouldNotBeNull();
        var clone = await _space.GetCloneAsync("one");
        clone.Status!.Restarts.ShouldBe(1);
        Condition(clone, "Ready").ShouldBe(("False", "Restarting"));
        await _space.Kubelet.RemoveAsync(pod);
        await ReconcileAsync("one");
        (await _space.PodsAsync()).ShouldBeEmpty();

        _operator.Time.Advance(TimeSpan.FromSeconds(10));
        await ReconcileAsync("one");
        await _space.StartPodsAsync();
        clone = await ReconcileAsync("one");

        Condition(clone, "Ready").Status.ShouldBe("True");
        var requests = _space.Node.Activations.Select(a => a.Activation.RequestId).ToList();
        requests.Count.ShouldBe(2);
        requests.Distinct().Count().ShouldBe(2);
    }

    [Fact]
    public async Task APodThatIsDeletedByHandFinishesItsClone()
    {
        var pod = await StartAsync("one");
        await _space.Kubelet.RemoveAsync(pod);

        var clone = await ReconcileAsync("one");

        Condition(clone, "Finished").ShouldBe(("True", "PodDeleted"));
    }

    [Fact]
    public async Task ANodeThatIsGoneTakesItsClonesWithItAndThePodIsForgotten()
    {
        await StartAsync("one");
        await _space.Client.CoreV1.DeleteNodeAsync(_space.Node.Name);

        var result = await _operator.CloneAsync(_space.Key("one"));
        Condition(await _space.GetCloneAsync("one"), "Ready").ShouldBe(("Unknown", "NodeNotReady"));
        result.RequeueAfter.ShouldNotBeNull();
        _operator.Time.Advance(TimeSpan.FromSeconds(61));
        var clone = await ReconcileAsync("one");

        Condition(clone, "Finished").ShouldBe(("True", "NodeLost"));
        (await _space.PodsAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task AtItsShutdownTimeThePodIsDeletedInOrder()
    {
        var pod = await StartAsync("one", new VMCloneSpec
        {
            Template = VmNamespace.Template,
            ShutdownTime = _operator.Time.GetUtcNow().UtcDateTime.AddMinutes(5),
            RestartPolicy = "Always",
        });
        _operator.Time.Advance(TimeSpan.FromMinutes(6));
        await ReconcileAsync("one");
        (await _space.PodsAsync()).ShouldHaveSingleItem().Metadata.DeletionTimestamp.ShouldNotBeNull();
        await _space.Kubelet.RemoveAsync(pod);

        var clone = await ReconcileAsync("one");

        Condition(clone, "Finished").ShouldBe(("True", "ShutdownTime"));
        (await _space.PodsAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task ANodeThatIsAwayIsAskedAgainWithTheSameRequestId()
    {
        await _space.CreateAsync(_space.Clone("one"));
        await ReconcileAsync("one");
        await _space.StartPodsAsync();
        _space.Node.Refusals.Enqueue(new TemplatingClientException(StatusCode.Unavailable, "The daemon restarts."));

        var clone = await ReconcileAsync("one");
        Condition(clone, "IdentityConfirmed").ShouldBe(("False", "NodeUnavailable"));
        clone = await ReconcileAsync("one");

        Condition(clone, "Ready").Status.ShouldBe("True");
        _space.Node.Activations.Select(a => a.Activation.RequestId).ShouldBe([clone.Metadata.Uid, clone.Metadata.Uid]);
    }

    [Fact]
    public async Task ARefusedActivationFinishesTheClone()
    {
        await _space.CreateAsync(_space.Clone("one"));
        await ReconcileAsync("one");
        await _space.StartPodsAsync();
        _space.Node.Refusals.Enqueue(new TemplatingClientException(StatusCode.Unavailable, "Not confirmed.") { Reason = "IDENTITY_NOT_CONFIRMED" });

        Condition(await ReconcileAsync("one"), "Finished").ShouldBe(("True", "ActivationFailed"));
    }

    private async Task<string> StartAsync(string name, VMCloneSpec? spec = null)
    {
        await _space.CreateAsync(_space.Clone(name, spec));
        await ReconcileAsync(name);
        await _space.StartPodsAsync();
        var clone = await ReconcileAsync(name);
        Condition(clone, "Ready").Status.ShouldBe("True");
        return clone.Status!.PodName!;
    }

    private async Task FillPoolAsync(int replicas)
    {
        await _space.CreateAsync(_space.Pool("pool", replicas));
        await _operator.PoolAsync(_space.Key("pool"));
        await _space.StartPodsAsync();
        await _operator.PoolAsync(_space.Key("pool"));
    }

    private async Task<VMClone> ReconcileAsync(string name)
    {
        await _operator.CloneAsync(_space.Key(name));
        return await _space.GetCloneAsync(name);
    }

    private static (string Status, string Reason) Condition(VMClone clone, string type)
    {
        var condition = clone.Status?.Conditions?.Find(c => c.Type == type);
        return (condition?.Status ?? "none", condition?.Reason ?? "");
    }
}
