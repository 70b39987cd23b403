using CsCheck;
using Templating.Cli.Exits;
using Templating.Cli.Parsing;
using Templating.Contract;

namespace Templating.UnitTests.Cli.Parsing;

public sealed class ValueTests
{
    [Theory]
    [InlineData("500ms", 500)]
    [InlineData("30s", 30_000)]
    [InlineData("2m", 120_000)]
    [InlineData("1h30m", 5_400_000)]
    [InlineData("1.5s", 1500)]
    [InlineData("1d", 86_400_000)]
    [InlineData("0s", 0)]
    public void DurationsAreReadWithTheirUnits(string text, long milliseconds)
    {
        DurationText.TryParse(text, out var found).ShouldBeTrue();
        found.ShouldBe(TimeSpan.FromMilliseconds(milliseconds));
    }

    [Theory]
    [InlineData("")]
    [InlineData("30")]
    [InlineData("-1s")]
    [InlineData("s")]
    [InlineData("1 s")]
    [InlineData("1y")]
    [InlineData("1.2.3s")]
    [InlineData("99999999999999999d")]
    public void DurationsWithoutUnitOrSenseAreRefused(string text) => DurationText.TryParse(text, out _).ShouldBeFalse();

    [Fact]
    public void NoTextMakesAParserThrow() => Gen.String.Sample(text =>
    {
        _ = DurationText.TryParse(text, out _);
        _ = PortForwardText.TryParse(text, out _);
        _ = KeyValue.TryParse(text, out _);
    });

    [Fact]
    public void WholeMillisecondsOfADaySurviveTheirText() => Gen.Int[1, 999].Sample(n =>
    {
        DurationText.TryParse(DurationText.Format(TimeSpan.FromMilliseconds(n)), out var again).ShouldBeTrue();
        again.ShouldBe(TimeSpan.FromMilliseconds(n));
    });

    [Theory]
    [InlineData("80", "", 0, 80)]
    [InlineData("8080:80", "", 8080, 80)]
    [InlineData("0:80", "", 0, 80)]
    [InlineData("0.0.0.0:8080:80", "0.0.0.0", 8080, 80)]
    [InlineData("[::1]:8080:80", "::1", 8080, 80)]
    public void ForwardsAreReadHostFirst(string text, string address, int host, int guest)
    {
        PortForwardText.TryParse(text, out var found).ShouldBeTrue();
        (found.HostAddress, found.HostPort, found.GuestPort).ShouldBe((address, host, guest));
    }

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("65536")]
    [InlineData("x:80")]
    [InlineData("8080:")]
    [InlineData("::1:8080:80")]
    [InlineData("name:8080:80")]
    public void ForwardsThatNameNoPortAreRefused(string text) => PortForwardText.TryParse(text, out _).ShouldBeFalse();

    [Fact]
    public void AnEnvironmentFileKeepsValuesAsTheyStand()
    {
        var values = EnvFile.Parse("f", "# comment\n\nA=1\n  B = two = 2 \r\nC=\"quoted\"\nD=\n".Replace("  B =", "B=", StringComparison.Ordinal));
        values.ShouldBe(new Dictionary<string, string> { ["A"] = "1", ["B"] = " two = 2 ", ["C"] = "\"quoted\"", ["D"] = "" }, ignoreOrder: true);
    }

    [Fact]
    public void EveryFaultyLineOfAnEnvironmentFileIsNamedAndNoneIsShown()
    {
        var failure = Should.Throw<CliException>(() => EnvFile.Parse("f", "A=1\nsecret\n=x\nA=2\nB C=3"));
        failure.Violations.Select(v => v.Field).ShouldBe(["f:2", "f:3", "f:4", "f:5"]);
        failure.Violations.ShouldAllBe(v => !v.Description.Contains("secret"));
        failure.ExitCode.ShouldBe(ExitCode.Usage);
    }

    [Fact]
    public void NamesAreTakenShortAndInFull()
    {
        ObjectNames.Clone("t", "web-1").ShouldBe("tenants/t/clones/web-1");
        ObjectNames.Clone("t", "tenants/u/clones/web-1").ShouldBe("tenants/u/clones/web-1");
        ObjectNames.Template("t", "web@0123abcd", out var revision).ShouldBe("tenants/t/templates/web");
        revision.ShouldBe("0123abcd");
        ObjectNames.Template("t", "tenants/u/templates/web/revisions/0123abcd", out revision).ShouldBe("tenants/u/templates/web");
        revision.ShouldBe("0123abcd");
        Should.Throw<CliException>(() => ObjectNames.Clone("t", "Web_1")).Message.ShouldContain("a-z");
        Should.Throw<CliException>(() => ObjectNames.Clone("t", "web\n"));
        Should.Throw<CliException>(() => ObjectNames.Template("t", "web@xyz", out _));
    }
}
