using System.Globalization;
using System.Text;
using Templating.Shim.Host;
using Templating.Shim.Protocol.Tasks;
using Templating.ShimTests.Daemon;
using Templating.Testing;

namespace Templating.ShimTests.Commands;

public sealed class ShimProgramTests : IAsyncLifetime
{
    private readonly ShimProgram _shim = new();
    private readonly ScriptedDaemon _daemon = new();
    private string _pod = "";

    private PodPlace Place => ShimFolders.Default.PlaceOf(_shim.Address, "test", _shim.Id);

    public Task InitializeAsync()
    {
        _pod = _shim.MakeBundle("pod", _shim.Id);
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        // Whatever a test left: its own pod's alone.
        using (var left = ShimProcess.Find(Place.Folder))
        {
            left?.Kill();
        }

        PodFiles.Remove(Place);
        _shim.Dispose();
        await _daemon.DisposeAsync();
    }

    [Fact]
    public async Task StartLeavesAServerBehindAndTellsNothingButItsAddress()
    {
        var (code, output, error) = await _shim.RunAsync(_pod, _shim.Id, "start");

        error.ShouldBeEmpty();
        (code, Encoding.UTF8.GetString(output)).ShouldBe((0, "unix://" + Place.Socket));
        PodSocket.Answers(Place.Socket).ShouldBeTrue();
        File.GetUnixFileMode(Place.Socket).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.ReadAllText(Path.Combine(_pod, "address")).ShouldBe("unix://" + Place.Socket);
        var pid = int.Parse(File.ReadAllText(Path.Combine(_pod, "shim.pid")), CultureInfo.InvariantCulture);
        new FileInfo($"/proc/{pid}/cwd").LinkTarget.ShouldBe(_pod);
        foreach (var standard in (int[])[0, 1, 2])
        {
            new FileInfo($"/proc/{pid}/fd/{standard}").LinkTarget.ShouldBe("/dev/null");
        }

        // In a session of its own: what ends the caller's does not end it.
        File.ReadAllText($"/proc/{pid}/stat").Split(") ")[^1].Split(' ')[3].ShouldBe(pid.ToString(CultureInfo.InvariantCulture));
    }

    [Fact]
    public async Task AllContainersOfAPodHaveOneServer()
    {
        var container = _shim.MakeBundle("container", _shim.Id);
        var pod = await _shim.RunAsync(_pod, _shim.Id, "start");

        var other = await _shim.RunAsync(container, "other", "start");

        other.Output.ShouldBe(pod.Output);
        File.ReadAllText(Path.Combine(container, "address")).ShouldBe("unix://" + Place.Socket);
        File.Exists(Path.Combine(container, "shim.pid")).ShouldBeFalse();
    }

    [Fact]
    public async Task TwoStartsAtOnceLeaveOneServer()
    {
        var both = await Task.WhenAll(_shim.RunAsync(_pod, _shim.Id, "start"), _shim.RunAsync(_pod, _shim.Id, "start"));

        both[0].Output.ShouldBe(both[1].Output);
        both.ShouldAllBe(b => b.Code == 0);
    }

    [Fact]
    public async Task AContainerOfAPodWhoseServerHasEndedIsRefused()
    {
        var (code, output, error) = await _shim.RunAsync(_shim.MakeBundle("container", _shim.Id), "other", "start");

        (code, output.Length).ShouldBe((1, 0));
        error.ShouldContain(_shim.Id);
        error.ShouldContain("made anew");
        Directory.Exists(Place.Folder).ShouldBeFalse();
    }

    [Fact]
    public async Task DeleteOfOneContainerLeavesThePodAlone()
    {
        await _shim.RunAsync(_pod, _shim.Id, "start");
        var container = _shim.MakeBundle("container", _shim.Id);

        var (code, output, error) = await _shim.RunAsync(container, "other", "delete");

        error.ShouldBeEmpty();
        code.ShouldBe(0);
        DeleteResponse.Parser.ParseFrom(output).ExitStatus.ShouldBe(137u);
        PodSocket.Answers(Place.Socket).ShouldBeTrue();
        Directory.Exists(Place.Folder).ShouldBeTrue();
    }

    [Fact]
    public async Task DeleteAfterAKilledServerGivesTheVmBackAndLeavesNothing()
    {
        var released = "";
        _daemon.OnRelease = request => released = request.Name;
        await _daemon.StartAsync();
        await _shim.RunAsync(_pod, _shim.Id, "start");
        new PodRecord { Daemon = _daemon.Address.ToString(), Sandbox = ScriptedDaemon.Name }.Write(Place.Folder);
        await KillServerAsync();

        var (code, output, error) = await _shim.RunAsync(_shim.MakeBundle("container", _shim.Id), "other", "delete");

        error.ShouldBeEmpty();
        code.ShouldBe(0);
        DeleteResponse.Parser.ParseFrom(output).ExitedAt.ShouldNotBeNull();
        released.ShouldBe(ScriptedDaemon.Name);
        (Directory.Exists(Place.Folder), File.Exists(Place.Socket)).ShouldBe((false, false));
    }

    [Fact]
    public async Task DeleteOfAPodThatContainerdHasLostEndsItsServer()
    {
        await _shim.RunAsync(_pod, _shim.Id, "start");

        var (code, _, error) = await _shim.RunAsync(_pod, _shim.Id, "delete");

        error.ShouldBeEmpty();
        code.ShouldBe(0);
        PodSocket.Answers(Place.Socket).ShouldBeFalse();
        (Directory.Exists(Place.Folder), File.Exists(Place.Socket)).ShouldBe((false, false));
    }

    [Fact]
    public async Task DeleteEndsInContainerdsTimeAlsoWhereTheDaemonIsAway()
    {
        await _shim.RunAsync(_pod, _shim.Id, "start");
        new PodRecord { Daemon = _daemon.Address.ToString(), Sandbox = ScriptedDaemon.Name }.Write(Place.Folder);
        await KillServerAsync();
        var began = TimeProvider.System.GetTimestamp();

        var (code, output, error) = await _shim.RunAsync(_pod, _shim.Id, "delete");

        TimeProvider.System.GetElapsedTime(began).ShouldBeLessThan(TimeSpan.FromSeconds(5));
        code.ShouldBe(0);
        DeleteResponse.Parser.ParseFrom(output).ExitStatus.ShouldBe(137u);
        error.ShouldContain("left to the daemon");
        Directory.Exists(Place.Folder).ShouldBeFalse();
    }

    [Fact]
    public async Task DeleteTakesTheRootsMountsAway()
    {
        var rootfs = Path.Combine(_pod, "rootfs");
        foreach (var _ in (int[])[1, 2])
        {
            Core.Linux.MountCalls.Mount("tmpfs", rootfs, "tmpfs", 0, null).ShouldBe(0);
        }

        (await _shim.RunAsync(_pod, _shim.Id, "delete")).Error.ShouldBeEmpty();

        Core.Linux.MountTable.At(rootfs).ShouldBeEmpty();
    }

    [Fact]
    public async Task AFlagThatIsUnknownIsToldOnStandardError()
    {
        var (code, output, error) = await _shim.RunAsync(_pod, _shim.Id, "stop");

        (code, output.Length).ShouldBe((2, 0));
        error.ShouldContain("'stop'");
    }

    private async Task KillServerAsync()
    {
        using var server = ShimProcess.Find(Place.Folder);
        server!.Kill();
        (await server.EndsAsync(Eventually.Limit, TimeProvider.System)).ShouldBeTrue();
    }
}
