using System.Text.RegularExpressions;
using k8s.Models;

namespace Templating.ClusterTests;

/// <summary>The life of a VMClone: warm, cold, what it is given, how it ends.</summary>
[Collection(ClusterCollection.Name)]
public sealed class CloneTests(ClusterFixture cluster)
{
    private readonly Tenant _tenant = cluster.Tenant;

    [Fact]
    public async Task AWarmCloneHasItsOwnIdentityItsSecretAndItsPortAndAnEmptyPoolMeansACold()
    {
        await Kubectl.RunAsync("create", "secret", "generic", "token", "-n", _tenant.Name, "--from-literal=value=s3cret-of-warm");
        await Kubectl.RunAsync("create", "configmap", "settings", "-n", _tenant.Name, "--from-literal=motd=hello");
        await Kubectl.ApplyAsync(_tenant.Pool("small", ClusterFixture.Template, 1));
        await _tenant.PoolReadyAsync("small", 1);
        await Kubectl.RunAsync("scale", "vmpool/small", "-n", _tenant.Name, "--replicas=1");
        const string Given = """
              env:
                - {name: COLOUR, value: green}
                - {name: TOKEN, secretKeyRef: {name: token, key: value}}
              files:
                - {path: /run/given/motd, configMapKeyRef: {name: settings, key: motd}}
                - {path: /run/given/token, secretKeyRef: {name: token, key: value}, mode: 256}
              ports:
                - {guestPort: 80, port: 8080}
            """;
        await Kubectl.ApplyAsync(_tenant.Clone("warm", "pool: small", Given));
        var warm = await _tenant.CloneReadyAsync("warm");
        await Kubectl.ApplyAsync(_tenant.Clone("cold", $"template: {ClusterFixture.Template}", "  ports: [{guestPort: 80, port: 8080}]"));
        var cold = await _tenant.CloneReadyAsync("cold");

        warm.Status!.Start.ShouldBe("Warm");
        cold.Status!.Start.ShouldBe("Cold");
        foreach (var type in new[] { "Accepted", "Scheduled", "Restored", "IdentityConfirmed", "Ready" })
        {
            warm.Status.Conditions.Is(type).ShouldBeTrue(type);
        }

        var pages = new[] { await Tenant.PageAsync(warm), await Tenant.PageAsync(cold) };
        pages.Select(p => p.Hostname).ShouldBe(["warm", "cold"]);
        pages.Select(p => p.MachineId).ShouldBe([warm.Status.MachineId, cold.Status.MachineId]);
        pages.Select(p => p.Random).ShouldBeUnique();
        pages.Select(p => p.BootId).ShouldBeUnique();

        var env = await _tenant.ExecAsync(warm.Status.PodName!, "cat", "/run/templating/env");
        env.ShouldContain("green");
        env.ShouldContain("s3cret-of-warm");
        (await _tenant.ExecAsync(warm.Status.PodName!, "cat", "/run/given/motd", "/run/given/token")).ShouldBe("hellos3cret-of-warm");
        (await _tenant.ExecAsync(warm.Status.PodName!, "stat", "-c", "%a", "/run/given/token")).Trim().ShouldBe("400");
        (await _tenant.ExecAsync(cold.Status.PodName!, "ls", "/run")).ShouldNotContain("given");

        // Nothing of a secret stands where others may read.
        (await Kubectl.RunAsync("get", "vmclone,pod,event", "-n", _tenant.Name, "-o", "yaml")).ShouldNotContain("s3cret-of-warm");
        await Kubectl.DeleteAsync("vmpool", _tenant.Name, "small");
        await Kubectl.DeleteAsync("vmclone", _tenant.Name, "warm");
        await Kubectl.DeleteAsync("vmclone", _tenant.Name, "cold");
    }

    [Fact]
    public async Task AGuestThatPowersItselfOffFinishesItsCloneAndItsTimeToLiveDeletesIt()
    {
        await Kubectl.ApplyAsync(_tenant.Clone("short", $"template: {ClusterFixture.Template}"));
        var clone = await _tenant.CloneReadyAsync("short");

        // Whether the guest still answers before it is off is its own affair.
        await Kubectl.TryAsync("exec", clone.Status!.PodName!, "-n", _tenant.Name, "-c", "vm", "--", "/usr/bin/templating", "pod", "exec", "--", "poweroff");
        var finished = await _tenant.CloneFinishedAsync("short");

        finished.Status!.Conditions.Find("Finished")!.Reason.ShouldBe(Reasons.GuestPoweredOff);
        finished.IsReady().ShouldBeFalse();
        await Kubectl.RunAsync("patch", "vmclone", "short", "-n", _tenant.Name, "--type=merge", "-p", """{"spec":{"ttlSecondsAfterFinished":1}}""");
        await Eventually.GoneAsync(() => _tenant.GetCloneAsync("short"), "a clone whose time to live is over");
    }

    [Fact]
    public async Task APodDeletedByHandEndsItsCloneOrIsRemadeAsThePolicySays()
    {
        await Kubectl.ApplyAsync(_tenant.Clone("never", $"template: {ClusterFixture.Template}"));
        await Kubectl.ApplyAsync(_tenant.Clone("always", $"template: {ClusterFixture.Template}", "  restartPolicy: Always"));
        var never = await _tenant.CloneReadyAsync("never");
        var always = await _tenant.CloneReadyAsync("always");

        await Kubectl.DeleteAsync("pod", _tenant.Name, never.Status!.PodName!);
        await Kubectl.DeleteAsync("pod", _tenant.Name, always.Status!.PodName!);

        (await _tenant.CloneFinishedAsync("never")).Status!.Conditions.Find("Finished")!.Message.ShouldNotBeNullOrEmpty();
        var remade = await Eventually.SeeAsync(
            () => _tenant.GetCloneAsync("always"), c => c.IsReady() && c.Status!.PodUid != always.Status.PodUid, "a VM in its place");
        remade.Status!.Restarts.ShouldBe(1);
        remade.Status.MachineId.ShouldNotBe(always.Status.MachineId);
        await Kubectl.DeleteAsync("vmclone", _tenant.Name, "never");
        await Kubectl.DeleteAsync("vmclone", _tenant.Name, "always");
        await Eventually.GoneAsync(() => _tenant.GetPodAsync(remade.Status.PodName!), "the pod of a deleted clone");
    }

    [Fact]
    public async Task AShutdownTimeEndsAClone()
    {
        await Kubectl.ApplyAsync(_tenant.Clone("timed", $"template: {ClusterFixture.Template}"));
        await _tenant.CloneReadyAsync("timed");

        var now = TimeProvider.System.GetUtcNow().ToString("yyyy-MM-ddTHH:mm:ssZ", System.Globalization.CultureInfo.InvariantCulture);
        await Kubectl.RunAsync("patch", "vmclone", "timed", "-n", _tenant.Name, "--type=merge", "-p", $$$"""{"spec":{"shutdownTime":"{{{now}}}"}}""");

        (await _tenant.CloneFinishedAsync("timed")).Status!.Conditions.Find("Finished")!.Reason.ShouldBe(Reasons.ShutdownTime);
        await Kubectl.DeleteAsync("vmclone", _tenant.Name, "timed");
    }

    [Fact]
    public async Task AVmOverItsMemoryLimitDiesAloneAndSaysWhy()
    {
        await Kubectl.ApplyAsync(_tenant.Clone("greedy", $"template: {ClusterFixture.Template}", """
              pod: {resources: {requests: {memory: 96Mi}, limits: {memory: 96Mi}}}
            """));
        await Kubectl.ApplyAsync(_tenant.Clone("modest", $"template: {ClusterFixture.Template}", "  ports: [{guestPort: 80, port: 8080}]"));
        var greedy = await _tenant.CloneReadyAsync("greedy");
        var modest = await _tenant.CloneReadyAsync("modest");

        // More than the pod may have, and less than the guest's RAM.
        await Kubectl.TryAsync(
            "exec", greedy.Status!.PodName!, "-n", _tenant.Name, "-c", "vm", "--", "/usr/bin/templating", "pod", "exec", "--",
            "dd", "if=/dev/urandom", "of=/dev/shm/eaten", "bs=1M", "count=60");
        var ended = await _tenant.CloneFinishedAsync("greedy");

        ended.Status!.Conditions.Find("Finished")!.Reason.ShouldBe(Reasons.OOMKilled);
        (await Tenant.PageAsync(modest)).Hostname.ShouldBe("modest");
        (await _tenant.GetCloneAsync("modest"))!.IsReady().ShouldBeTrue();
        await Kubectl.DeleteAsync("vmclone", _tenant.Name, "greedy");
        await Kubectl.DeleteAsync("vmclone", _tenant.Name, "modest");
    }

    [Fact]
    public async Task ACloneWithFaultsSaysAllOfThemAndOneWithoutItsSecretWaitsForIt()
    {
        var refused = await Kubectl.TryApplyAsync(_tenant.Clone("both", "template: a\n  pool: b"));
        refused.ExitCode.ShouldNotBe(0);

        await Kubectl.ApplyAsync(_tenant.Clone("late", $"template: {ClusterFixture.Template}", """
              env: [{name: LATE, secretKeyRef: {name: late, key: value}}]
            """));
        var waiting = await Eventually.SeeAsync(
            () => _tenant.GetCloneAsync("late"), c => c.Status?.Conditions?.Any(x => x.Reason == Reasons.InputMissing) is true, "a clone that waits for its Secret");
        waiting.Status!.Conditions!.First(c => c.Reason == Reasons.InputMissing).Message.ShouldContain("late");

        await Kubectl.RunAsync("create", "secret", "generic", "late", "-n", _tenant.Name, "--from-literal=value=there");
        var ready = await _tenant.CloneReadyAsync("late");
        (await _tenant.ExecAsync(ready.Status!.PodName!, "cat", "/run/templating/env")).ShouldContain("there");
        await Kubectl.DeleteAsync("vmclone", _tenant.Name, "late");
    }

    [Fact]
    public async Task TheGuestsConsoleIsThePodsLogAndAnInOrderShutdownEndsWithSuccess()
    {
        await Kubectl.ApplyAsync(_tenant.Clone("logged", $"template: {ClusterFixture.Template}"));
        var clone = await _tenant.CloneReadyAsync("logged");
        var pod = clone.Status!.PodName!;

        await _tenant.ExecAsync(pod, "sh", "-c", "echo told-by-the-guest > /dev/ttyS0");
        await Eventually.SeeAsync(
            async () => await Kubectl.RunAsync("logs", pod, "-n", _tenant.Name, "-c", "vm"),
            log => Regex.IsMatch(log, "told-by-the-guest", RegexOptions.None, TimeSpan.FromSeconds(1)), "the guest's line in the pod's log");
        (await Kubectl.GetAsync<V1Pod>("pod", _tenant.Name, pod))!.Spec.Containers[0].SecurityContext.RunAsNonRoot.ShouldBe(true);
        await Kubectl.DeleteAsync("vmclone", _tenant.Name, "logged");
        await Eventually.GoneAsync(() => _tenant.GetPodAsync(pod), "its pod");
    }
}
