using k8s;
using k8s.Autorest;
using k8s.Models;
using Templating.Operator.Cluster;
using Templating.Operator.Hosting;
using Templating.OperatorTests.Harness;
using Templating.Testing;

namespace Templating.OperatorTests.Runtimes;

/// <summary>Before a release goes its DaemonSet takes the shim out of the nodes.</summary>
public sealed class RuntimeRemovalTests
{
    private const string Name = "templating-runtime";

    [Fact]
    public async Task ItIsDoneWhenEveryNodeHasTakenTheRuntimeOut()
    {
        await using var test = await TestSpace.PrepareAsync();
        await test.Client.AppsV1.CreateNamespacedDaemonSetAsync(DaemonSet("runtime", "install", "--handler=templating"), test.Name);
        await TellAsync(test, desired: 2, updated: 2, ready: 2);
        var output = new StringWriter();

        var removal = Removal(test, output).RunAsync(new ObjectKey(test.Name, Name), CancellationToken.None);

        await Eventually.UntilAsync(async () => Arguments(await ReadAsync(test)).SequenceEqual(["runtime", "uninstall", "--handler=templating"]), "the DaemonSet takes it out");
        await TellAsync(test, desired: 2, updated: 1, ready: 2);
        await Eventually.UntilAsync(() => output.ToString().Contains("1 of 2 nodes", StringComparison.Ordinal), "it tells how far it is");
        removal.IsCompleted.ShouldBeFalse();
        await TellAsync(test, desired: 2, updated: 2, ready: 2);
        await removal.WaitAsync(Soon.Limit);
        output.ToString().ShouldContain("2 of 2 nodes have taken the runtime out.");
    }

    [Fact]
    public async Task ADaemonSetOfAnotherKindIsNotChanged()
    {
        await using var test = await TestSpace.PrepareAsync();
        await test.Client.AppsV1.CreateNamespacedDaemonSetAsync(DaemonSet("serve", "install"), test.Name);

        await Should.ThrowAsync<HttpOperationException>(() => Removal(test, new StringWriter()).RunAsync(new ObjectKey(test.Name, Name), CancellationToken.None));

        Arguments(await ReadAsync(test)).ShouldBe(["serve", "install"]);
    }

    [Fact]
    public async Task WithoutADaemonSetThereIsNothingToDo()
    {
        await using var test = await TestSpace.PrepareAsync();
        var output = new StringWriter();
        await Removal(test, output).RunAsync(new ObjectKey(test.Name, Name), CancellationToken.None);
        output.ToString().ShouldContain("There is no DaemonSet");
    }

    private static RuntimeRemoval Removal(TestSpace test, TextWriter output) => new(test.Api, TimeProvider.System, TextWriter.Synchronized(output));

    private static Task<V1DaemonSet> ReadAsync(TestSpace test) => test.Client.AppsV1.ReadNamespacedDaemonSetAsync(Name, test.Name);

    private static IList<string> Arguments(V1DaemonSet daemonSet) => daemonSet.Spec.Template.Spec.InitContainers[0].Args;

    /// <summary>What the controller would say of the present generation.</summary>
    private static async Task TellAsync(TestSpace test, int desired, int updated, int ready)
    {
        var now = await ReadAsync(test);
        now.Status = new V1DaemonSetStatus
        {
            DesiredNumberScheduled = desired,
            CurrentNumberScheduled = desired,
            UpdatedNumberScheduled = updated,
            NumberReady = ready,
            ObservedGeneration = now.Metadata.Generation,
        };
        await test.Client.AppsV1.ReplaceNamespacedDaemonSetStatusAsync(now, Name, test.Name);
    }

    private static V1DaemonSet DaemonSet(params string[] arguments) => new()
    {
        Metadata = new V1ObjectMeta { Name = Name },
        Spec = new V1DaemonSetSpec
        {
            Selector = new V1LabelSelector { MatchLabels = new Dictionary<string, string> { ["app"] = Name } },
            Template = new V1PodTemplateSpec
            {
                Metadata = new V1ObjectMeta { Labels = new Dictionary<string, string> { ["app"] = Name } },
                Spec = new V1PodSpec
                {
                    InitContainers = [new V1Container { Name = "runtime", Image = "none", Args = arguments }],
                    Containers = [new V1Container { Name = "done", Image = "none" }],
                },
            },
        },
    };
}
