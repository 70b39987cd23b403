using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Templating.Core.Machines;
using Templating.Qemu;
using Templating.Qemu.Base;
using Templating.Qemu.Process;
using Templating.Testing;
using Templating.Testing.Nodes;
using Templating.Testing.Qemu;

namespace Templating.UnitTests.Qemu;

/// <summary>What is in a QEMU's place: a real process that does nothing, and sockets that the test speaks for.</summary>
internal sealed class StandInQemu : IDisposable
{
    private readonly TempFolder _temp = new();
    private readonly ChildProcess _process = new("/bin/sleep", ["1000"], environment: null, redirect: true);
    private readonly List<Socket> _listening = [];

    public VmFolder Folder => new(_temp.Path);

    public VmProcessId Process => ProcessIds.Read(_process.Id)!.Value;

    public ProcessWatcher Watcher { get; } = new();

    /// <summary>Listens on the sockets that QEMU has.</summary>
    public void Listen(int backlog = 4)
    {
        foreach (var path in (string[])[Folder.Qmp, Folder.Agent, Folder.Guest, Folder.Console])
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            socket.Bind(new UnixDomainSocketEndPoint(path));
            socket.Listen(backlog);
            _listening.Add(socket);
        }
    }

    public Task<IVm?> AdoptAsync(QemuOptions? options = null, CancellationToken cancellationToken = default) => Task.Run(() => Adoption.TryAsync(
        Folder, Process, Watcher, options ?? new QemuOptions(), TimeProvider.System, NullLogger.Instance, cancellationToken), CancellationToken.None);

    /// <summary>The next caller of the monitor.</summary>
    public async Task<ScriptedQmpServer> AcceptAsync() => new(await _listening[0].AcceptAsync().Soonest());

    /// <summary>As QEMU begins a conversation.</summary>
    public static async Task GreetAsync(ScriptedQmpServer monitor)
    {
        await monitor.GreetAsync();
        foreach (var expected in (string[])["qmp_capabilities", "migrate-set-capabilities", "qom-list"])
        {
            var command = await monitor.ReadCommandAsync();
            command.Command.ShouldBe(expected);
            await monitor.AnswerAsync(command.Id);
        }
    }

    public Task<int> WaitExitAsync() => _process.WaitExitAsync(CancellationToken.None);

    public void Dispose()
    {
        _process.Dispose();
        Watcher.Dispose();
        _listening.ForEach(socket => socket.Dispose());
        _temp.Dispose();
    }
}
