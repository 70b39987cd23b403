using Templating.Kubectl.Load.Samples;
using Templating.Kubernetes.Metrics;

namespace Templating.KubectlTests.Load.Samples;

public sealed class OperatorFiguresTests
{
    private const string Page = """
        # TYPE templating_operator_leader gauge
        templating_operator_leader 1
        dotnet_process_cpu_time_seconds_total{cpu_mode="user"} 3
        dotnet_process_cpu_time_seconds_total{cpu_mode="system"} 1.5
        dotnet_process_memory_working_set_bytes 104857600
        templating_operator_queue_depth{controller="clone"} 4
        templating_operator_queue_depth{controller="pool"} 1
        """;

    [Fact]
    public void TheOneThatLeadsIsReadAndAnotherIsNot()
    {
        var level = OperatorLevel.Of(TimeSpan.FromSeconds(2), "a", MetricsPage.Parse(Page)).ShouldNotBeNull();
        (level.At, level.CpuSeconds, level.MemoryMiB).ShouldBe((2, 4.5, 100));
        level.Waiting.ShouldBe(new Dictionary<string, double> { ["clone"] = 4, ["pool"] = 1 }, ignoreOrder: true);
        OperatorLevel.Of(default, "a", MetricsPage.Parse(Page.Replace("leader 1", "leader 0", StringComparison.Ordinal))).ShouldBeNull();
        OperatorLevel.Of(default, "a", MetricsPage.Parse("templating_operator_leader 1")).ShouldBeNull("that is no operator's page");
    }

    [Fact]
    public void CpuIsByTimeAndForEachThatBecameUsable()
    {
        var figures = OperatorFigures.Of([Level(0, 10, 80), Level(2, 11, 120, 3), Level(12, 12, 90, 1)], usable: 4).ShouldNotBeNull();
        figures.Cores.ShouldBe(2 / 12.0);
        figures.MostCores.ShouldBe(0.5);
        figures.Milliseconds.ShouldBe(500);
        (figures.MostMiB, figures.MostWaiting).ShouldBe((120, 3));
    }

    [Fact]
    public void WhoLeadsNextCountsFromZeroAndSoDoesOneThatWasStartedAgain()
    {
        OperatorFigures.Steps([Level(0, 10), Level(2, 11), Level(4, 1, pod: "b"), Level(6, 2, pod: "b"), Level(8, 0.5, pod: "b"), Level(10, 0.7, pod: "b")])
            .Select(s => (s.At, Math.Round(s.Cores, 6))).ShouldBe([(2, 0.5), (6, 0.5), (10, 0.1)]);
    }

    [Fact]
    public void OnceIsNotEnoughForAFigure()
    {
        OperatorFigures.Of([Level(0, 1)], 1).ShouldBeNull();
        OperatorFigures.Of([], 1).ShouldBeNull();
        OperatorFigures.Of([Level(0, 1), Level(2, 2)], 0).ShouldNotBeNull().Milliseconds.ShouldBeNull();
    }

    private static OperatorLevel Level(double at, double cpu, double memory = 100, double waiting = 0, string pod = "a") =>
        new(at, pod, cpu, memory, new Dictionary<string, double>(StringComparer.Ordinal) { ["clone"] = waiting });
}
