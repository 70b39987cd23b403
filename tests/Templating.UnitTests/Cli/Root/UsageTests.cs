using Templating.Cli.Exits;
using Templating.UnitTests.Cli.Fakes;

namespace Templating.UnitTests.Cli.Root;

/// <summary>What people type who do not know the words yet.</summary>
public sealed class UsageTests
{
    [Theory]
    [InlineData("", "[command] [options]")]
    [InlineData("help", "[command] [options]")]
    [InlineData("clone", "clone [command] [options]")]
    [InlineData("clone --tenant acme", "clone [command] [options]")]
    [InlineData("help clone", "clone [command] [options]")]
    [InlineData("help clone rm", "clone stop [<ID>...] [options]")]
    [InlineData("help template create", "templating template create web -f web.yaml")]
    [InlineData("help help", "help [<COMMAND>...] [options]")]
    public async Task WhoAsksIsHelped(string line, string word)
    {
        var run = await CliRun.OfAsync(line.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        run.Code.ShouldBe(ExitCode.Ok);
        run.Error.ShouldBeEmpty();
        run.Out.ShouldContain(word);
    }

    [Theory]
    [InlineData("clones", "'clone'")]
    [InlineData("templats list", "'template'")]
    [InlineData("clone crate web", "'create'")]
    [InlineData("clone lst", "'list'")]
    [InlineData("clone ps", "'list'")]
    [InlineData("clone logs web-1", "'console'")]
    [InlineData("clone DELET web-1", "'delete'")]
    [InlineData("clone list --tmplate web", "'--template'")]
    [InlineData("clone list --tenat acme", "'--tenant'")]
    [InlineData("clone list --wid", "'--wide'")]
    [InlineData("clone create web --publish 8080:80", "'--forward'")]
    [InlineData("clone show --memry web-1", "'--memory'")]
    [InlineData("clone stop --grcae 3s web-1", "'--grace'")]
    [InlineData("template delete --froce web", "'--force'")]
    [InlineData("help clone stp", "'stop'")]
    [InlineData("serve --store-pth /s", "'--store-path'")]
    public async Task AWordThatIsNoneIsFollowedByTheOneThatWasMeant(string line, string meant)
    {
        var run = await CliRun.OfAsync(line.Split(' '));
        run.Code.ShouldBe(ExitCode.Usage);
        run.Error.ShouldContain($"hint: Did you mean {meant}");
        run.Error.Split('\n').Count(l => l.StartsWith("error:", StringComparison.Ordinal)).ShouldBe(1);
    }

    [Theory]
    [InlineData("zzz")]
    [InlineData("x")]
    [InlineData("")]
    [InlineData("-")]
    [InlineData("clone frobnicate")]
    [InlineData("clone list --frobnicate")]
    [InlineData("help frobnicate")]
    public async Task NothingIsMadeUpForWhatIsLikeNothing(string line)
    {
        var run = await CliRun.OfAsync(line.Split(' '));
        run.Code.ShouldBe(ExitCode.Usage);
        run.Error.ShouldNotContain("Did you mean");
        run.Error.ShouldContain("hint: ");
    }

    [Fact]
    public async Task AWordWithoutEndIsNotRepeated() =>
        (await CliRun.OfAsync(new string('x', 100_000))).Error.Length.ShouldBeLessThan(1000);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(79)]
    [InlineData(null)]
    public async Task HelpIsPrintedAtEveryWidth(int? width)
    {
        var run = await CliRun.OfAsync(host => host with { OutputWidth = () => width }, ["serve", "--help"], CancellationToken.None);
        run.Code.ShouldBe(ExitCode.Ok);
        run.Out.ShouldContain("--store-path");
        run.Out.Split('\n').Any(l => l.Length > 200).ShouldBe(width is null);
    }
}
