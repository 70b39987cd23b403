using System.Net.Sockets;
using Templating.Core.Clones;
using Templating.Core.Names;
using Templating.Core.Vms;
using Templating.UnitTests.Node.Fakes;

namespace Templating.UnitTests.Node.Sockets;

public sealed class SocketLeaseTests
{
    [Fact]
    public async Task ASecondDaemonIsRefusedAndTheFirstServesOn()
    {
        await using var first = await TestDaemon.StartAsync();

        (await Should.ThrowAsync<IOException>(() => TestDaemon.StartAsync((options, _) => options.RunPath = first.Options.RunPath)))
            .Message.ShouldContain("another daemon runs");
        TestSockets.Connect(first.Options.EffectiveSocketPath).Dispose();
    }

    [Fact]
    public async Task ASecondDaemonTakesNoCloneOfTheFirstForLeftOver()
    {
        await using var first = await TestDaemon.StartAsync();
        await first.BuildAsync();
        var reached = new TaskCompletionSource();
        var go = new TaskCompletionSource();
        first.Vmm.OnStep = async (step, _, _) =>
        {
            if (step == "restore")
            {
                reached.TrySetResult();
                await go.Task;
            }
        };
        var create = first.Clones.CreateAsync(new CreateClone { Template = new TemplateName("a", "t") }, CancellationToken.None);
        await reached.Task;

        await Should.ThrowAsync<IOException>(() => TestDaemon.StartAsync((options, _) => options.RunPath = first.Options.RunPath));

        Directory.GetDirectories(Path.Combine(first.Options.RunPath, "clones")).ShouldHaveSingleItem();
        go.SetResult();
        (await create).State.ShouldBe(VmState.Running);
    }

    [Fact]
    public async Task ASocketThatSomebodyAnswersOnIsLeftAlone()
    {
        await using var first = await TestDaemon.StartAsync();

        (await Should.ThrowAsync<IOException>(() => TestDaemon.StartAsync((options, _) => options.SocketPath = first.Options.EffectiveSocketPath)))
            .Message.ShouldContain("Another process answers");
        TestSockets.Connect(first.Options.EffectiveSocketPath).Dispose();
    }

    [Fact]
    public async Task ASocketThatAKilledDaemonLeftIsReplaced()
    {
        await using var daemon = await TestDaemon.StartAsync((options, folder) =>
        {
            options.SocketPath = Path.Combine(folder, "s");
            using var stale = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            // Bound and closed: .NET removes the file of a socket it bound only through Dispose of a listener it names.
            stale.Bind(new UnixDomainSocketEndPoint(options.SocketPath));
            File.Move(options.SocketPath, options.SocketPath + "-");
            stale.Dispose();
            File.Move(options.SocketPath + "-", options.SocketPath);
        });

        TestSockets.Connect(daemon.Options.EffectiveSocketPath).Dispose();
    }

    [Fact]
    public async Task WhatIsNotASocketIsNeverRemoved()
    {
        var path = "";
        (await Should.ThrowAsync<IOException>(() => TestDaemon.StartAsync((options, folder) =>
        {
            path = options.SocketPath = Path.Combine(folder, "precious");
            File.WriteAllText(path, "data");
        }))).Message.ShouldContain("is not a socket");

        (await File.ReadAllTextAsync(path)).ShouldBe("data");
    }

    [Fact]
    public async Task TheSocketHasTheModeItWasToldAndGoesWithTheDaemon()
    {
        await using var daemon = await TestDaemon.StartAsync();

        File.GetUnixFileMode(daemon.Options.EffectiveSocketPath).ShouldBe((UnixFileMode)0b110_110_000);
        await daemon.StopAsync();
        File.Exists(daemon.Options.EffectiveSocketPath).ShouldBeFalse();
    }

    [Fact]
    public async Task LinkInTheRunFoldersPlaceIsRefused()
    {
        (await Should.ThrowAsync<IOException>(() => TestDaemon.StartAsync((options, folder) =>
        {
            Directory.CreateDirectory(Path.Combine(folder, "elsewhere"));
            options.RunPath = Path.Combine(folder, "link");
            Directory.CreateSymbolicLink(options.RunPath, Path.Combine(folder, "elsewhere"));
        }))).Message.ShouldContain("a symbolic link is in the way");
    }

    [RootFact]
    public async Task RunFolderOfAnotherUserIsRefusedWithWhatToDo()
    {
        (await Should.ThrowAsync<IOException>(() => TestDaemon.StartAsync((options, folder) =>
        {
            options.RunPath = Path.Combine(folder, "r");
            Directory.CreateDirectory(options.RunPath);
            Core.Linux.LibC.ChangeOwner(options.RunPath, 65534, 65534).ShouldBe(0);
        }))).Message.ShouldContain("belongs to user 65534, and the daemon runs as 0");
    }

    /// <summary>As a version before left them: 0755, and a lock that anybody could take.</summary>
    [Fact]
    public async Task FolderAndLockThatAreOpenToOthersAreClosed()
    {
        await using var daemon = await TestDaemon.StartAsync((options, folder) =>
        {
            options.RunPath = Path.Combine(folder, "r");
            Directory.CreateDirectory(options.RunPath);
            File.SetUnixFileMode(options.RunPath, (UnixFileMode)511);
            File.WriteAllText(Path.Combine(options.RunPath, "daemon.lock"), "");
            File.SetUnixFileMode(Path.Combine(options.RunPath, "daemon.lock"), (UnixFileMode)438);
        });

        File.GetUnixFileMode(daemon.Options.RunPath).ShouldBe((UnixFileMode)0b111_001_001);
        File.GetUnixFileMode(Path.Combine(daemon.Options.RunPath, "daemon.lock")).ShouldBe((UnixFileMode)0b110_000_000);
    }
}
