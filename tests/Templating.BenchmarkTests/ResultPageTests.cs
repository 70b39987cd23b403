using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using Templating.Benchmarks;
using Templating.Benchmarks.Page;
using Templating.Plots;

namespace Templating.BenchmarkTests;

/// <summary>The benchmark's page as a real browser shows it.</summary>
public sealed class ResultPageTests : IDisposable
{
    /// <summary>Finds what a reader would stumble over, and writes it into the document.</summary>
    private const string Inspect = """
        <script>
        const faults = [];
        const root = document.documentElement;
        if (root.scrollWidth > root.clientWidth) faults.push(`the page is ${root.scrollWidth} wide in ${root.clientWidth}`);
        for (const svg of document.querySelectorAll('svg[role=img]')) {
          const frame = svg.getBoundingClientRect();
          const texts = [...svg.querySelectorAll('text')].map(t => [t.textContent, t.getBoundingClientRect()]);
          texts.forEach(([text, a], i) => {
            if (a.width === 0 || a.left < frame.left - 1 || a.right > frame.right + 1 || a.top < frame.top - 1 || a.bottom > frame.bottom + 1)
              faults.push(`"${text}" is cut off in ${svg.getAttribute('aria-label')}`);
            for (const [other, b] of texts.slice(i + 1))
              if (a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom)
                faults.push(`"${text}" lies on "${other}" in ${svg.getAttribute('aria-label')}`);
          });
          for (const shape of svg.querySelectorAll('path, rect, circle, line')) {
            const box = shape.getBoundingClientRect();
            if (box.right > frame.right + 1 || box.left < frame.left - 1 || box.top < frame.top - 1 || box.bottom > frame.bottom + 1)
              faults.push(`a ${shape.tagName} leaves ${svg.getAttribute('aria-label')}`);
          }
        }
        const loaded = performance.getEntriesByType('resource').map(r => r.name);
        root.dataset.faults = JSON.stringify(faults);
        root.dataset.loaded = JSON.stringify(loaded);
        root.dataset.paper = getComputedStyle(document.body).backgroundColor;
        </script>
        """;

    private readonly Browser _browser = new();

    public void Dispose() => _browser.Dispose();

    [Theory]
    [InlineData(1000)]
    [InlineData(360)]
    public async Task ABrowserShowsThePageWholeAndNothingOnItOverlaps(int width)
    {
        var shown = await _browser.DumpAsync(WithScript(ResultPage.Html(SampleRun.Make())), width: width);

        Data(shown, "faults").ShouldBe("[]");
        Data(shown, "loaded").ShouldBe("[]");
    }

    [Fact]
    public async Task APageHasAPlotWithItsTargetForEachComparisonAndATableForEachPlot()
    {
        var result = SampleRun.Make();

        var shown = await _browser.DumpAsync(ResultPage.Html(result));

        var figures = Regex.Matches(shown, "<figure>.*?</figure>", RegexOptions.Singleline, TimeSpan.FromSeconds(10)).Select(m => m.Value).ToArray();
        foreach (var comparison in Comparisons.All)
        {
            var figure = figures.Single(f => f.Contains($"<h3>{comparison.Name}</h3>", StringComparison.Ordinal));
            figure.ShouldContain($">target {Numbers.Text(comparison.Limit * result.Samples.Median(comparison.Theirs))}</text>");
            figure.ShouldContain($"Ratio of the medians {Numbers.Text(result.Samples.Ratio(comparison.Ours, comparison.Theirs))}");
        }

        foreach (var name in (string[])["Where the time of a start goes", "Throughput against concurrency", "Memory against the number of clones"])
        {
            figures.ShouldContain(f => f.Contains($"<h3>{name}</h3>", StringComparison.Ordinal));
        }

        figures.ShouldAllBe(f => f.Contains("role=\"img\" ", StringComparison.Ordinal) && f.Contains("aria-label=\"", StringComparison.Ordinal) && f.Contains("<table>", StringComparison.Ordinal));
        Regex.Count(shown, "<tr class=\"(met|missed)\">", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(10)).ShouldBe(result.Targets.Count);
    }

    [Fact]
    public async Task ThePageIsDarkWhereItsReaderWantsItSo()
    {
        var page = WithScript(ResultPage.Html(SampleRun.Make()));

        Data(await _browser.DumpAsync(page, dark: false), "paper").ShouldBe("rgb(255, 255, 255)");
        Data(await _browser.DumpAsync(page, dark: true), "paper").ShouldBe("rgb(20, 23, 27)");
    }

    [Fact]
    public async Task AScreenshotHasThePlotsInTheirColours()
    {
        var picture = await _browser.ScreenshotAsync(ResultPage.Html(SampleRun.Make()), dark: false, width: 1000, height: 9000);

        // A blank page of that size is a few kilobytes.
        new FileInfo(picture).Length.ShouldBeGreaterThan(100_000);
        if (Environment.GetEnvironmentVariable("TEMPLATING_SCREENSHOTS") is { Length: > 0 } folder)
        {
            File.Copy(picture, Path.Combine(Directory.CreateDirectory(folder).FullName, "page.png"), overwrite: true);
        }
    }

    [Fact]
    public async Task WhatAMachineIsCalledIsTextAndNothingElse()
    {
        var shown = await _browser.DumpAsync(ResultPage.Html(SampleRun.Make()));

        shown.ShouldContain("A &lt;fast&gt; CPU &amp; more");
    }

    [Fact]
    public void ThePageAsksNobodyForAnything()
    {
        var page = ResultPage.Html(SampleRun.Make());

        page.ShouldContain("default-src 'none'");
        Regex.Count(page, "https?:|src=|href=|url\\(|@import", RegexOptions.None, TimeSpan.FromSeconds(10)).ShouldBe(0);
    }

    /// <summary>Without the policy that forbids it.</summary>
    private static string WithScript(string page) => Regex
        .Replace(page, "<meta http-equiv=\"Content-Security-Policy\"[^>]*>", "", RegexOptions.None, TimeSpan.FromSeconds(10))
        .Replace("</body>", string.Create(CultureInfo.InvariantCulture, $"{Inspect}</body>"), StringComparison.Ordinal);

    private static string Data(string shown, string name) => WebUtility.HtmlDecode(
        Regex.Match(shown, $"data-{name}=\"(?<value>[^\"]*)\"", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(10)).Groups["value"].Value);
}
