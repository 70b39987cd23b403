using Templating.Node.Commands.Runtimes;

namespace Templating.UnitTests.Node.Commands.Runtimes;

public sealed class HostShellTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("t-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("true", null)]
    [InlineData("echo 'no such unit' >&2; exit 4", "'echo 'no such unit' >&2; exit 4' failed with exit code 4: no such unit")]
    [InlineData("exit 1", "'exit 1' failed with exit code 1: it said nothing.")]
    public async Task ACommandThatFailsIsToldWithWhatItSaid(string command, string? expected)
    {
        (await new HostShell(_folder.FullName).RunAsync(command, TimeSpan.FromMinutes(1), CancellationToken.None)).ShouldBe(expected);
        _folder.GetFiles().ShouldBeEmpty();
    }

    [Fact]
    public async Task ACommandThatDoesNotEndIsGivenUp() =>
        (await new HostShell(_folder.FullName).RunAsync("exec sleep 600", TimeSpan.FromMilliseconds(100), CancellationToken.None)).ShouldBe("'exec sleep 600' did not end within 0.1 s: it said nothing.");
}
