using CsCheck;
using Templating.Kubernetes.Metrics;

namespace Templating.KubectlTests;

/// <summary>What pods serve of metrics, and what is none of it.</summary>
public sealed class MetricsPageTests
{
    [Fact]
    public void SeriesHaveTheirLabelsAndWhateverTheirValueIs()
    {
        var page = MetricsPage.Parse("""
            # HELP x what it is
            plain 3
            with_time 1.5e3 1700000000000
            labels{a="1",b="two, \"three\" and }",} -2
            line{text="one\ntwo \\n"} +Inf
            odd NaN
            """);
        page.Sum("plain").ShouldBe(3);
        page.Sum("with_time").ShouldBe(1500);
        page.All.Single(s => s.Name == "labels").Label("b").ShouldBe("two, \"three\" and }");
        page.All.Single(s => s.Name == "line").Label("text").ShouldBe("one\ntwo \\n");
        page.Sum("line").ShouldBe(double.PositiveInfinity);
        page.Sum("odd").ShouldBe(double.NaN);
        page.Sum("labels", s => s.Label("c").Length == 0).ShouldBe(-2);
        page.Has("x").ShouldBeFalse();
    }

    [Theory]
    [InlineData("name")]
    [InlineData("name ")]
    [InlineData("name word")]
    [InlineData(" 1")]
    [InlineData("{a=\"b\"} 1")]
    [InlineData("name{a=\"b} 1")]
    [InlineData("name{a=\"b\"")]
    [InlineData("name{a=\"b\\")]
    [InlineData("name{a} 1")]
    [InlineData("name{a=\"b\"}")]
    [InlineData("<html>")]
    public void WhatIsNoLineOfItIsLeftOut(string line) => MetricsPage.Parse($"good 1\n{line}\nother 2").All.Select(s => s.Name).ShouldBe(["good", "other"]);

    [Fact]
    public void NoTextIsTooOddToBeRead() => Gen.OneOf(
            Gen.String, Gen.String[Gen.Char["ab{}=\"\\, \n1#+"], 0, 60])
        .Sample(text => MetricsPage.Parse(text).All.ShouldAllBe(s => s.Name.Length > 0));
}
