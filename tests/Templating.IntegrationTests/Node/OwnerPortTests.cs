using System.Security.Cryptography;
using System.Text;
using Templating.OwnerPort.Conversations;
using Templating.OwnerPort.Errors;
using Templating.OwnerPort.Processes;
using Templating.OwnerPort.Requests;
using Templating.Testing;
using Templating.Testing.Nodes;
using Templating.Testing.Qemu;
using Templating.V1;
using Xunit.Abstractions;

namespace Templating.IntegrationTests.Node;

/// <summary>Containers in a real guest, by the port of their sandbox's owner.</summary>
public sealed class OwnerPortTests(SandboxNode fixture, ITestOutputHelper output) : NodeTest, IClassFixture<SandboxNode>, IAsyncLifetime
{
    private const int MiB = 1 << 20;

    private readonly TempFolder _tree = new();
    private readonly SandboxOwner _owner = new();
    private SandboxCall _sandbox = null!;
    private OwnerPortConnection _port = null!;
    private MountedRoot _root = null!;

    private TestNode Node => fixture.Node;

    public async Task InitializeAsync()
    {
        var initrd = GuestArtifacts.Locate().Initrd;
        await ShellAsync($"""
            cd {_tree.Path} && chmod 755 . && mkdir bin dev proc tmp
            cpio -i --quiet --to-stdout ./bin/busybox bin/busybox <{initrd} >bin/busybox && chmod 755 bin/busybox
            for name in cat echo kill sh sleep stty true wc yes; do ln -s busybox bin/$name; done
            """);
        await Node.Daemon.StopAsync(Limit);
        await Node.RestartAsync(("IMAGES_FOLDERS", Path.GetDirectoryName(_tree.Path)!));
        var image = await Node.Client.Images.PublishImageAsync(new PublishImageRequest { Tenant = PreparedStore.Tenant, Folder = _tree.Path }, cancellationToken: Limit);
        _sandbox = await SandboxCall.AcquireAsync(Node.Client, "port", _owner.Pid, Limit);
        var plug = new PlugCloneRequest { Name = _sandbox.Clone.Name, Image = new PlugImage { Digest = image.Digest } };
        var device = (await Node.Client.Sandboxes.PlugDeviceAsync(plug, cancellationToken: Limit)).Device;
        _port = await ConnectAsync();
        _root = await _port.MountAsync(
            new RootMount { Name = "one", Image = GuestDevice.AtPciAddress(device.Bridge), UpperMemoryBytes = 8ul * MiB, Wait = TimeSpan.FromSeconds(30) }, Limit);
        await _port.SetUpNetworkAsync(new NetworkSetup(), Limit);
    }

    public async Task DisposeAsync()
    {
        await _port.DisposeAsync();
        await Node.Client.Sandboxes.ReleaseSandboxAsync(new ReleaseSandboxRequest { Name = _sandbox.Clone.Name }, cancellationToken: Limit);
        await NothingIsLeftAsync(Node);
        _sandbox.Dispose();
        _owner.Dispose();
        _tree.Dispose();
        Dispose();
    }

    [Fact]
    public async Task AContainerLivesItsWholeLifeWithAProcessAtATerminalInIt()
    {
        _root.ShouldSatisfyAllConditions(
            r => r.Path.ShouldBe("/run/templating/roots/one/root"), r => r.ImageDevice.ShouldStartWith("pmem"), r => r.Dax.ShouldBeTrue());
        var file = RandomNumberGenerator.GetBytes(3 * MiB / 2);
        await _port.PlaceFileAsync(new PlacedPath("one", "etc/file"), new MemoryStream(file), Limit);
        var main = await RunAsync("main", "sh", "-c", "wc -c </etc/file; trap 'exit 5' TERM; while :; do sleep 1; done");
        (await UntilAsync(main.Output, "\n")).Trim().ShouldBe($"{file.Length}");

        var terminal = new WindowSize(33, 101);
        var shell = await _port.ExecAsync(
            new ProcessStart("main", OciDocuments.Process(terminal: true, "sh", "-c", "stty size; read line; stty size; trap 'exit 9' INT; echo rea''dy; while :; do sleep 1; done"))
            {
                Input = true,
                Terminal = terminal,
            }, Limit);
        await UntilAsync(shell.Output, "\r\n");
        await shell.ResizeAsync(new WindowSize(44, 102), Limit);
        (await shell.WriteInputAsync("\n"u8.ToArray(), Limit)).ShouldBeTrue();
        (await UntilAsync(shell.Output, "ready")).ShouldContain("44 102");
        await shell.WriteInputAsync("\u0003"u8.ToArray(), Limit);
        await AllAsync(shell.Output);
        (await shell.Exited.WaitAsync(Limit)).Code.ShouldBe(9);

        var counts = await _port.CountAsync("main", Limit);
        counts.PidsCurrent.ShouldNotBeNull().ShouldBeGreaterThanOrEqualTo(1ul);
        counts.MemoryCurrent.ShouldNotBeNull().ShouldBeInRange(1ul, 128ul * MiB);
        await main.SignalAsync(15, everyone: false, Limit);
        (await main.Exited.WaitAsync(Limit)).ShouldBe(new ProcessExit(5, 0, OutOfMemory: false, Unknown: false));
        (await Should.ThrowAsync<GuestRefusedException>(_port.UnmountAsync("one", Limit))).Errno.ShouldBe(16u);
        await _port.DeleteAsync("main", Limit);
        (await Should.ThrowAsync<GuestRefusedException>(_port.CountAsync("main", Limit))).Errno.ShouldBe(2u);
        await _port.UnmountAsync("one", Limit);
    }

    [Fact]
    public async Task ThreeMebibytesGoInAndComeOutWhole()
    {
        var data = RandomNumberGenerator.GetBytes(3 * MiB);
        var cat = await _port.RunAsync(new ProcessStart("cat", OciDocuments.Config(_root.Path, "cat")) { Input = true }, Limit);
        var start = TimeProvider.System.GetTimestamp();

        var reading = AllAsync(cat.Output);
        (await cat.WriteInputAsync(data, Limit)).ShouldBeTrue();
        await cat.EndInputAsync(Limit);

        (await reading).SequenceEqual(data).ShouldBeTrue();
        output.WriteLine($"3 MiB in and out: {TimeProvider.System.GetElapsedTime(start).TotalMilliseconds:0} ms");
        (await AllAsync(cat.Error)).ShouldBeEmpty();
        (await cat.Exited.WaitAsync(Limit)).Code.ShouldBe(0);
        await _port.DeleteAsync("cat", Limit);
    }

    [Fact]
    public async Task WhatNobodyReadsStopsNobodyElseAndWhatIsGivenUpLeavesNothing()
    {
        var flood = await RunAsync("flood", "yes");
        var others = await Task.WhenAll(Enumerable.Range(0, 4).Select(async i =>
        {
            var other = await _port.ExecAsync(new ProcessStart("flood", OciDocuments.Process(terminal: false, "sh", "-c", $"echo out {i}; echo err {i} >&2; exit {i}")), Limit);
            var (said, complained) = (await AllAsync(other.Output), await AllAsync(other.Error));
            return $"{Encoding.ASCII.GetString(said)}{Encoding.ASCII.GetString(complained)}{(await other.Exited.WaitAsync(Limit)).Code}";
        }));
        others.ShouldBe(["out 0\nerr 0\n0", "out 1\nerr 1\n1", "out 2\nerr 2\n2", "out 3\nerr 3\n3"]);
        flood.Exited.IsCompleted.ShouldBeFalse();
        using var away = new CancellationTokenSource();
        var given = _port.RunAsync(new ProcessStart("given-up", OciDocuments.Config(_root.Path, "sleep", "1000")), away.Token);
        await away.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(given);
        await Eventually.UntilAsync(() => IsGoneAsync("given-up"), "what was begun is gone", cancellationToken: Limit);
        (await Should.ThrowAsync<GuestRefusedException>(
            _port.RunAsync(new ProcessStart("bad", OciDocuments.Config(_root.Path, "no-such-program")), Limit))).Errno.ShouldBe(5u);

        var deleting = _port.DeleteAsync("flood", Limit);
        flood.Output.Discard();
        flood.Error.Discard();

        await deleting;
        (await flood.Exited.WaitAsync(Limit)).Signal.ShouldBe(9);
        (await AllAsync((await RunAsync("after", "echo", "well")).Output)).ShouldBe("well\n"u8.ToArray());
    }

    [Fact]
    public async Task TheNextOwnerOfTheSameSandboxFindsNothingOfTheOneBefore()
    {
        var before = await RunAsync("main", "sleep", "1000");
        await _port.DisposeAsync();
        await Should.ThrowAsync<OwnerPortException>(before.Exited.WaitAsync(Limit));

        _port = await ConnectAsync();

        (await Should.ThrowAsync<GuestRefusedException>(_port.CountAsync("main", Limit))).Errno.ShouldBe(2u);
        (await Should.ThrowAsync<GuestRefusedException>(_port.UnmountAsync("one", Limit))).Errno.ShouldBe(2u);
        await _port.MountAsync(new RootMount { Name = "one", UpperMemoryBytes = MiB }, Limit);
    }

    private static async Task<byte[]> AllAsync(GuestOutput from)
    {
        using var all = new MemoryStream();
        await from.CopyToAsync(all, CancellationToken.None).WaitAsync(TimeSpan.FromMinutes(2));
        return all.ToArray();
    }

    private static async Task ShellAsync(string script)
    {
        var run = await Programs.RunAsync("/bin/bash", ["-ec", script], CancellationToken.None);
        run.ExitCode.ShouldBe(0, run.Error);
    }

    private async Task<string> UntilAsync(GuestOutput from, string text)
    {
        var seen = new StringBuilder();
        var buffer = new byte[1000];
        while (!seen.ToString().Contains(text, StringComparison.Ordinal))
        {
            var got = await from.ReadAsync(buffer, Limit);
            got.ShouldBeGreaterThan(0, $"it ended after: {seen}");
            seen.Append(Encoding.ASCII.GetString(buffer, 0, got));
        }

        return seen.ToString();
    }

    /// <summary>A start that came to a container all the same is taken away.</summary>
    private async Task<bool> IsGoneAsync(string container)
    {
        try
        {
            await _port.DeleteAsync(container, Limit);
            return false;
        }
        catch (GuestRefusedException e)
        {
            return e.Errno == 2;
        }
    }

    private Task<OwnerPortConnection> ConnectAsync() => OwnerPortConnection.ConnectAsync(_sandbox.Sandbox.Connection.OwnerPort, options: null, Limit);

    private Task<GuestProcess> RunAsync(string name, params string[] arguments) =>
        _port.RunAsync(new ProcessStart(name, OciDocuments.Config(_root.Path, arguments)), Limit);
}
