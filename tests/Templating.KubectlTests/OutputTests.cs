using k8s.Models;
using Microsoft.Extensions.Time.Testing;
using Templating.Kubectl.Cluster;
using Templating.Kubectl.Commands;
using Templating.Kubectl.Output;
using Templating.Terminal.Descriptors;

namespace Templating.KubectlTests;

public sealed class OutputTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 0, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(-5, "0s")]
    [InlineData(119, "119s")]
    [InlineData(3600, "60m")]
    [InlineData(86_400, "24h")]
    [InlineData(864_000, "10d")]
    public void AnAgeHasOneUnit(int seconds, string expected) =>
        Ages.Of(Now.UtcDateTime.AddSeconds(-seconds), new FakeTimeProvider(Now)).ShouldBe(expected);

    [Fact]
    public void ATableHasItsColumnsBelowEachOtherAndNoLineIsBroken()
    {
        var lines = Sheets.Of(["NAME", "IP"], [["a", "10.0.0.1"], [new string('b', 200), "10.0.0.2"]], room: null).TrimEnd('\n').Split('\n');
        lines.Length.ShouldBe(3);
        lines[1].IndexOf("10.0.0.1", StringComparison.Ordinal).ShouldBe(lines[0].IndexOf("IP", StringComparison.Ordinal));
        lines[2].IndexOf("10.0.0.2", StringComparison.Ordinal).ShouldBe(lines[0].IndexOf("IP", StringComparison.Ordinal));
    }

    [Fact]
    public void StatusShowsWhatThereIsAndNothingElse()
    {
        var text = StatusText.Of(
            new Snapshot { Clones = [Cluster.Clone(Cluster.Condition("Scheduled", "False", "Unschedulable"))] },
            withNamespace: true, new FakeTimeProvider(Now));
        text.ShouldStartWith("NAMESPACE");
        text.ShouldContain("Unschedulable");
        text.ShouldNotContain("POOL");
        StatusText.Of(new Snapshot(), withNamespace: false, new FakeTimeProvider(Now)).ShouldContain("nothing yet");
    }

    [Theory]
    [InlineData("""{"state":"POD_STATE_READY","memory":{"resident":"1048576","proportional":"2","ramPrivate":"3"}}""", 2)]
    [InlineData("""{"state":"POD_STATE_READY"}""", -1)]
    [InlineData("not JSON", -1)]
    [InlineData("[]", -1)]
    public void AVmsMemoryIsReadFromItsStatusOrLeftOut(string json, long proportional) =>
        (VmMemory.Parse(json)?.Proportional ?? -1).ShouldBe(proportional);

    [Fact]
    public void TopPutsTheLargestFirstAndSaysWhatIsUnknown()
    {
        V1Pod[] pods = [Cluster.Pod("small"), Cluster.Pod("large"), Cluster.Pod("silent")];
        var memory = new Dictionary<string, VmMemory?> { ["small"] = new(1, 1 << 20, 1, 1), ["large"] = new(1, 64 << 20, 1, 1), ["silent"] = null };
        var lines = TopText.Of(pods, [], memory, new Dictionary<string, ResourceQuantity> { ["team-a/small"] = new("1500u") }, withNamespace: false).Split('\n');
        lines[1].ShouldStartWith("large");
        lines[1].ShouldContain("64.0Mi");
        lines[2].ShouldContain("2m");
        lines[3].ShouldStartWith("silent");
    }

    [Fact]
    public void AClonesPodIsFoundByTheClonesName()
    {
        var clone = Cluster.Clone();
        clone.Status!.PodName = "web-pod";
        VmPods.Find([clone], [Cluster.Pod()], Cluster.Namespace, "vmclone/web").Metadata.Name.ShouldBe("web-pod");
        VmPods.Find([], [Cluster.Pod()], Cluster.Namespace, "web-pod").Metadata.Name.ShouldBe("web-pod");
        Should.Throw<PluginException>(() => VmPods.Find([clone], [], Cluster.Namespace, "web")).Message.ShouldContain("which is gone");
        Should.Throw<PluginException>(() => VmPods.Find([], [], Cluster.Namespace, "nobody")).Message.ShouldContain("no VM pod 'nobody'");
    }

    [Fact]
    public async Task AWrongCommandLineIsToldWithUsage()
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        using var guard = new OutputGuard();
        (await Cli.RunAsync(["explain"], new PluginHost(output, error, guard, () => null), TimeProvider.System)).ShouldBe(ExitCode.Usage);
        error.ToString().ShouldContain("--help");
    }
}
