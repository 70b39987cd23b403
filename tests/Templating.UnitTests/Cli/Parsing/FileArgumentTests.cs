using Templating.Cli.Parsing;

namespace Templating.UnitTests.Cli.Parsing;

public sealed class FileArgumentTests
{
    [Theory]
    [InlineData("/etc/a=b", "/etc/a", "b", null)]
    [InlineData("/etc/a=b:0000", "/etc/a", "b", 0u)]
    [InlineData("/etc/a=b:0644", "/etc/a", "b", 420u)]
    [InlineData("/etc/a=b:777", "/etc/a", "b", 511u)]
    [InlineData("/etc/a=x=y:z", "/etc/a", "x=y:z", null)]
    public void PathSourceAndModeAreTakenApart(string text, string path, string source, uint? mode)
    {
        FileArgument.TryParse(text, out var file).ShouldBeTrue();
        file.ShouldBe(new FileArgument(path, source, mode));
    }

    [Theory]
    [InlineData("")]
    [InlineData("/etc/a")]
    [InlineData("/etc/a=")]
    [InlineData("etc/a=b")]
    public void AnythingElseIsNoFile(string text) => FileArgument.TryParse(text, out _).ShouldBeFalse();
}
