using System.Text.Json;
using System.Text.RegularExpressions;
using Templating.Testing;

namespace Templating.OperatorTests.Telemetry;

/// <summary>
/// The chart's dashboard and alerts as files. That what they ask for is served, the scrapes' tests say (ScrapeTests, and
/// TelemetryTests for the daemon).
/// </summary>
public sealed partial class DashboardTests
{
    private static readonly JsonElement Dashboard = JsonDocument.Parse(Read("charts/templating/files/dashboards/templating.json")).RootElement;

    private static List<JsonElement> Panels => [.. Dashboard.GetProperty("panels").EnumerateArray()];

    [Fact]
    public void TheFirstRowSaysWhetherAllIsWell()
    {
        Text(Panels[0], "type").ShouldBe("row");
        var first = Panels.Skip(1).TakeWhile(panel => Text(panel, "type") != "row").ToList();

        first.Count.ShouldBeGreaterThan(7);
        foreach (var panel in first)
        {
            Text(panel, "type").ShouldBe("stat", Text(panel, "title"));
            var colors = panel.GetProperty("fieldConfig").GetProperty("defaults").GetProperty("thresholds").GetProperty("steps").EnumerateArray()
                .Select(step => Text(step, "color")).ToList();
            colors.ShouldContain("green", Text(panel, "title"));
            colors.ShouldContain("red", Text(panel, "title"));
        }
    }

    [Fact]
    public void EveryPanelHasATitleAPlaceOfItsOwnAndAQueryOfWhatWeServe()
    {
        Panels.Select(panel => panel.GetProperty("id").GetInt32()).ShouldBeUnique();
        var places = Panels.SelectMany(Cells).ToList();
        places.ShouldBeUnique();
        places.Max(cell => cell.X).ShouldBeLessThan(24);
        foreach (var panel in Panels)
        {
            Text(panel, "title").ShouldNotBeEmpty();
            if (Text(panel, "type") != "row")
            {
                Queries(panel).ShouldNotBeEmpty(Text(panel, "title"));
                Queries(panel).ShouldAllBe(query => query.Contains("templating_", StringComparison.Ordinal));
            }
        }
    }

    [Fact]
    public void EveryVariableIsUsedAndEveryOneThatIsUsedIsThere()
    {
        var variables = Dashboard.GetProperty("templating").GetProperty("list").EnumerateArray().Select(variable => Text(variable, "name")).ToList();
        variables.ShouldBe(["datasource", "namespace", "pool", "node"]);

        var used = Panels.SelectMany(Queries).SelectMany(query => Variable().Matches(query)).Select(match => match.Groups["name"].Value).Append("datasource");
        used.Distinct().ShouldBe(variables, ignoreOrder: true);
    }

    [Fact]
    public void EveryAlertIsInTheRunbookAndIsTestedToFireAndToBeSilent()
    {
        var alerts = Alert().Matches(Read("charts/templating/templates/prometheusrule.yaml")).Select(match => match.Groups["name"].Value).ToList();
        var runbook = Read("docs/kubernetes/operations.md");
        var tests = Read("eng/chart/alerts-test.yaml");

        alerts.Count.ShouldBeGreaterThan(10);
        alerts.Where(alert => !runbook.Contains($"| {alert} |", StringComparison.Ordinal)).ShouldBeEmpty();
        alerts.Where(alert => !tests.Contains($"alertname: {alert} }}", StringComparison.Ordinal)).ShouldBeEmpty("silent");
        alerts.Where(alert => !Regex.IsMatch(tests, $"alertname: {alert}\\s+exp_alerts:", RegexOptions.None, TimeSpan.FromSeconds(1))).ShouldBeEmpty("fires");
    }

    private static string Read(string file) => File.ReadAllText(Path.Combine(Repository.Root, file));

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString() ?? "";

    private static IEnumerable<string> Queries(JsonElement panel) =>
        panel.TryGetProperty("targets", out var targets) ? targets.EnumerateArray().Select(target => Text(target, "expr")) : [];

    private static IEnumerable<(int X, int Y)> Cells(JsonElement panel)
    {
        var place = panel.GetProperty("gridPos");
        var (x, y) = (place.GetProperty("x").GetInt32(), place.GetProperty("y").GetInt32());
        return from column in Enumerable.Range(x, place.GetProperty("w").GetInt32())
               from row in Enumerable.Range(y, place.GetProperty("h").GetInt32())
               select (column, row);
    }

    [GeneratedRegex(@"\$(?<name>[a-z]+)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Variable();

    [GeneratedRegex(@"- alert: (?<name>\w+)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Alert();
}
