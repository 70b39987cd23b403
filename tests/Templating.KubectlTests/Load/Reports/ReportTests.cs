using System.Text.Json;
using System.Xml.Linq;
using Templating.Kubectl.Commands;
using Templating.Kubectl.Load.Api;
using Templating.Kubectl.Load.Recipes;
using Templating.Kubectl.Load.Reports;
using Templating.Kubectl.Load.Running;
using Templating.Kubectl.Load.Samples;
using Templating.KubectlTests.Load.Samples;
using Templating.Kubernetes;

namespace Templating.KubectlTests.Load.Reports;

public sealed class ReportTests
{
    private const string Hostile = "<script>alert('x')</script>\u0001";

    private static readonly string[] Headings =
    [
        "Offered and completed", "Time to usable", "Phases over time", "Phases by side", "Pool team-a/web", "Operator: CPU", "Operator: memory", "Operator: queues", "The operator that led", "Node by node", "Failures by reason", "Thresholds",
    ];

    private static readonly RunResult Result = new()
    {
        Run = "20260102-000000-abcd",
        Recipe = new Recipe { Name = "mine", Description = "What it is for.", Subjects = [new Subject { Name = "vm", Template = "web" }] },
        Namespaces = ["team-a"],
        Began = new DateTimeOffset(2026, 1, 2, 0, 0, 0, TimeSpan.Zero),
        Seconds = 12.5,
        Samples =
        [
            FigureTests.Make(0, 1, StartKinds.Warm) with { Accepted = 0.1, Placed = 0.2, Started = 0.3, Ready = 1, Node = "node-1" },
            FigureTests.Make(1, 4, StartKinds.Cold) with { Node = Hostile },
            FigureTests.Make(2, null, failure: Hostile),
        ],
        Pools = [new PoolLevel(0, "team-a/web", 3, 3, 0, 0), new PoolLevel(2, "team-a/web", 3, 1, 1, 2)],
        Operator =
        [
            new OperatorLevel(0, "operator-a", 10, 80, new Dictionary<string, double>(StringComparer.Ordinal) { ["clone"] = 0, [Hostile] = 0 }),
            new OperatorLevel(2, "operator-a", 10.5, 96, new Dictionary<string, double>(StringComparer.Ordinal) { ["clone"] = 7, [Hostile] = 1 }),
        ],
        Calls = [new CallSummary("create", "vmclones", 3, 1, 4, 9)],
        Verdicts = [new Verdict("p50 at most 1s", "3s", Met: false), new Verdict("failures at most 50 %", "33 %", Met: true)],
    };

    [Fact]
    public void ThePageHasEveryPlotAndIsAlone()
    {
        var page = ResultPage.Html(Result);
        foreach (var heading in Headings)
        {
            page.ShouldContain(heading);
        }

        page.ShouldContain("vm warm");
        page.ShouldContain("create vmclones");
        page.ShouldNotContain("http://");
        page.ShouldNotContain("https://");
    }

    [Fact]
    public void WhatTheClusterSaidIsTextOnThePageAndNothingElse()
    {
        var page = ResultPage.Html(Result);
        page.ShouldNotContain("<script");
        page.ShouldContain("&lt;script&gt;");
        page.ShouldNotContain('\u0001');
    }

    [Fact]
    public void ARunThatCameToNothingHasAPageToo() => ResultPage.Html(Result with { Samples = [], Pools = [], Operator = [], Calls = [], Verdicts = [] }).ShouldContain("<h1>");

    [Fact]
    public void EachThresholdIsATestCaseAndSoAreTheEndAndWhatWasLeft()
    {
        var suite = XDocument.Parse(JUnitXml.Of(Result with { Interrupted = true })).Root!.Element("testsuite")!;
        suite.Attribute("tests")!.Value.ShouldBe("5");
        suite.Attribute("failures")!.Value.ShouldBe("2");
        suite.Elements("testcase").Where(c => c.Element("failure") is not null).Select(c => c.Attribute("name")!.Value)
            .ShouldBe(["p50 at most 1s", "the run comes to its end"]);
    }

    [Fact]
    public void OnStandardOutputEachReportComesAfterItsNameAndCanBeCutOut()
    {
        var parts = ReportFiles.Text(Result).Split("\n--- ");
        parts[0].ShouldBeEmpty();
        parts[1..].Select(p => p[..p.IndexOf('\n', StringComparison.Ordinal)]).ShouldBe(["junit.xml", "samples.json"]);
        XDocument.Parse(parts[1]["junit.xml\n".Length..]).Root!.Name.LocalName.ShouldBe("testsuites");
        using var samples = JsonDocument.Parse(parts[2]["samples.json\n".Length..]);
        samples.RootElement.GetProperty("run").GetString().ShouldBe(Result.Run);
    }

    [Fact]
    public void TheSamplesAreWrittenWholeAndByTheirNames()
    {
        using var json = JsonDocument.Parse(ResultJson.Of(Result));
        json.RootElement.GetProperty("version").GetInt32().ShouldBe(1);
        var sample = json.RootElement.GetProperty("samples")[0];
        sample.GetProperty("usable").GetDouble().ShouldBe(1);
        sample.GetProperty("start").GetString().ShouldBe(StartKinds.Warm);
        json.RootElement.GetProperty("samples").GetArrayLength().ShouldBe(3);
        json.RootElement.GetProperty("sides").GetArrayLength().ShouldBe(3);
        json.RootElement.GetProperty("operator")[1].GetProperty("waiting").GetProperty("clone").GetDouble().ShouldBe(7);
    }

    [Fact]
    public void TheTableTellsFiguresFailuresThresholdsAndWhatWasLeft()
    {
        var text = ResultTable.Of(Result with { Left = [new Leftover("team-a", "2 pods in namespace team-a")] }, room: null);
        text.ShouldContain("vm warm");
        text.ShouldContain("NO");
        text.ShouldContain("NOT removed: 2 pods in namespace team-a");
        text.ShouldMatch(@"leader\s+0.25\s+0.25\s+250.0 ms\s+96 MiB\s+8");
        text.ShouldEndWith("To try again: kubectl templating load clean 20260102-000000-abcd -n team-a\n");
        text.ShouldNotContain('\u0001');
    }

    [Fact]
    public void WhatIsLeftInSeveralNamespacesIsRemovedByOneCommand() =>
        Remarks.Of(Result with { Left = [new Leftover("a", "pods"), new Leftover("b", "pods"), new Leftover("b", "vmclones")] })
            .ShouldBe(["NOT removed: pods", "NOT removed: pods", "NOT removed: vmclones", "To try again: kubectl templating load clean 20260102-000000-abcd -A"]);

    [Theory]
    [InlineData(1, "1 ended after it was usable: PodDeleted")]
    [InlineData(2, "2 ended after they were usable: PodDeleted")]
    [InlineData(3, "3 ended after they were usable: PodDeleted (2), VMFailed (1)")]
    public void WhatEndedAfterItWasUsableIsTold(int count, string line)
    {
        string[] reasons = ["PodDeleted", "PodDeleted", "VMFailed"];
        var result = Result with { Samples = [.. reasons.Take(count).Select(reason => FigureTests.Make(0, 1) with { Ended = 2, EndReason = reason })] };
        Remarks.Of(result).ShouldBe([line]);
        using var json = JsonDocument.Parse(ResultJson.Of(result));
        json.RootElement.GetProperty("samples")[0].GetProperty("endReason").GetString().ShouldBe("PodDeleted");
    }

    [Fact]
    public void ProgressTellsRateAndPercentilesOfWhatWasUsableLately()
    {
        ProgressText.Of(Result.Samples, 5).ShouldBe("5s: 3 asked for, 2 usable (2 there), 1 failed; 0.4/s, p50 1s, p95 3s");
        ProgressText.Of(Result.Samples, 60).ShouldEndWith("none lately");
        ProgressText.Of([], 0).ShouldContain("0 asked for");
    }

    [Fact]
    public void TheExitCodeTellsHowItEnded()
    {
        LoadSession.CodeOf(Result with { Verdicts = [] }).ShouldBe(ExitCode.Ok);
        LoadSession.CodeOf(Result).ShouldBe(ExitCode.Missed);
        LoadSession.CodeOf(Result with { Interrupted = true }).ShouldBe(ExitCode.Interrupted);
        LoadSession.CodeOf(Result with { Interrupted = true, Left = [new Leftover("team-a", "pods")] }).ShouldBe(ExitCode.Failure);
        LoadSession.CodeOf(Result with { Verdicts = [], Samples = [FigureTests.Make(0, null)] }).ShouldBe(ExitCode.Failure, "nothing was measured");
        LoadSession.CodeOf(Result with { Verdicts = [], Samples = [] }).ShouldBe(ExitCode.Ok);
        LoadSession.CodeOf(Result with { Verdicts = [], Fault = "A watch ended." }).ShouldBe(ExitCode.Failure);
    }
}
