using Templating.Core.Errors;
using Templating.Node.Hosting;

namespace Templating.UnitTests.Node.Hosting;

public sealed class VmAccessTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("tmpl-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void AFolderThatVmsCannotPassIsNamedBeforeAnythingStarts()
    {
        File.SetUnixFileMode(_root, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

        var refusal = Should.Throw<TemplatingException>(() => VmAccess.Require([$"{_root}/a/store", $"{_root}/run"]));

        refusal.Code.ShouldBe(ErrorCode.IllegalState);
        refusal.Message.ShouldContain($"cannot get through {_root}:");
        refusal.Message.ShouldContain("chmod o+x");
    }

    [Fact]
    public void TheFoldersThemselvesMayBeClosedForTheDaemonSetsThemUp()
    {
        File.SetUnixFileMode(_root, UnixFileMode.UserExecute | UnixFileMode.UserWrite | UnixFileMode.OtherExecute);
        Directory.CreateDirectory($"{_root}/store", UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

        Should.NotThrow(() => VmAccess.Require([$"{_root}/store"]));
    }
}
