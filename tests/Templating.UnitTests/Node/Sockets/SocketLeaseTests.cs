using System.Net.Sockets;
using System.Runtime.InteropServices;
using Templating.Core.Clones;
using Templating.Core.Names;
using Templating.Core.Vms;
using Templating.Node.Options;
using Templating.Testing;
using Templating.UnitTests.Node.Fakes;

namespace Templating.UnitTests.Node.Sockets;

public sealed partial class SocketLeaseTests
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
        using var folder = new TempFolder();
        var path = folder.Write("precious", "data");

        (await Should.ThrowAsync<IOException>(() => TestDaemon.StartAsync((options, _) => options.SocketPath = path))).Message.ShouldContain("is not a socket");

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
    public async Task LinkInTheRunFoldersPlaceIsFollowedOnce()
    {
        await using var daemon = await TestDaemon.StartAsync(Link);

        TestSockets.Connect(Path.Combine(daemon.Folder, "elsewhere", "templating.sock")).Dispose();
    }

    [Fact]
    public async Task LinkBelowTheRunFolderIsRefused()
    {
        (await Should.ThrowAsync<IOException>(() => TestDaemon.StartAsync((options, folder) =>
        {
            Link(options, folder);
            options.SocketPath = Path.Combine(folder, "s");
            File.CreateSymbolicLink(Path.Combine(folder, "elsewhere", "daemon.lock"), Path.Combine(folder, "shadow"));
        }))).Message.ShouldContain("daemon.lock");
    }

    /// <summary>Where others may make a link, theirs would lead the daemon to what it then takes for its own.</summary>
    [RootFact]
    public async Task LinkOfAnotherUserInTheRunFoldersPlaceIsRefused()
    {
        (await Should.ThrowAsync<IOException>(() => TestDaemon.StartAsync((options, folder) =>
        {
            Link(options, folder);
            ChangeLinkOwner(options.RunPath, 65534, 65534).ShouldBe(0);
        }))).Message.ShouldContain("belongs to user 65534");
    }

    private static void Link(NodeOptions options, string folder)
    {
        Directory.CreateDirectory(Path.Combine(folder, "elsewhere"));
        options.RunPath = Path.Combine(folder, "link");
        Directory.CreateSymbolicLink(options.RunPath, Path.Combine(folder, "elsewhere"));
    }

    [LibraryImport("libc", EntryPoint = "lchown", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int ChangeLinkOwner(string path, uint user, uint group);

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

    [Fact]
    public async Task SocketThatIsRemovedComesBackAndWhoIsConnectedStays()
    {
        await using var daemon = await TestDaemon.StartAsync();
        var path = daemon.Options.EffectiveSocketPath;
        var before = new V1.NodeService.NodeServiceClient(daemon.Connect());
        await before.GetNodeAsync(new V1.GetNodeRequest());

        for (var i = 0; i < 2; i++)
        {
            File.Delete(path);
            await Testing.Eventually.UntilAsync(() => File.Exists(path), "the socket is back");
            await Testing.Eventually.UntilAsync(() => Templating.Node.Sockets.UnixSocket.AnswersAsync(path, CancellationToken.None), "it answers");

            await new V1.NodeService.NodeServiceClient(daemon.Connect()).GetNodeAsync(new V1.GetNodeRequest());
            await before.GetNodeAsync(new V1.GetNodeRequest());
            File.GetUnixFileMode(path).ShouldBe(daemon.Options.EffectiveSocketMode);
        }

        await daemon.StopAsync();
        File.Exists(path).ShouldBeFalse();
    }
}
