using System.Net.Sockets;
using Templating.OwnerPort.Conversations;
using Templating.OwnerPort.Errors;
using Templating.OwnerPort.Processes;
using Templating.OwnerPort.Requests;
using Templating.Testing.Qemu;

namespace Templating.Fuzz;

/// <summary>A sandbox's guest that says the bytes to its owner and hangs up, while one waits for all that can be waited for.</summary>
internal static class OwnerConversation
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    /// <summary>Streams in this order: a process at pipes, one at a terminal, a mount, counts, an unmount, a connection, limits, shared processes.</summary>
    public static async Task RunAsync(byte[] bytes)
    {
        var (ours, theirs) = SocketPair.Create();
        using (theirs)
        await using (var host = OwnerPortConnection.Over(
            new NetworkStream(ours, ownsSocket: true), new GuestLimits(1_114_112, 64, 262_144, 65_536), new OwnerPortOptions()))
        {
            var start = new ProcessStart("c", "{}"u8.ToArray()) { Input = true };
            Task[] waiting =
            [
                LiveAsync(host.RunAsync(start, CancellationToken.None)),
                LiveAsync(host.ExecAsync(start with { Terminal = new WindowSize(24, 80) }, CancellationToken.None)),
                host.MountAsync(new RootMount { Name = "r", UpperMemoryBytes = 1 }, CancellationToken.None),
                host.CountAsync("c", CancellationToken.None),
                host.UnmountAsync("r", CancellationToken.None),
                ForwardAsync(host.ConnectToPodAsync(80, CancellationToken.None)),
                host.UpdateAsync("c", new ContainerLimits { Processes = 1 }, CancellationToken.None),
                host.ShareProcessesAsync(CancellationToken.None),
            ];
            await theirs.SendAsync(bytes.AsMemory());
            theirs.Shutdown(SocketShutdown.Send);
            await host.Ended.WaitAsync(Limit);
            foreach (var one in waiting)
            {
                await EndedAsync(one);
            }
        }
    }

    private static async Task LiveAsync(Task<GuestProcess> starting)
    {
        var process = await starting;
        var writing = process.WriteInputAsync(new byte[100], CancellationToken.None);
        await EndedAsync(process.Output.CopyToAsync(Stream.Null, CancellationToken.None));
        await EndedAsync(process.Error.CopyToAsync(Stream.Null, CancellationToken.None));
        await EndedAsync(writing);
        await EndedAsync(process.Exited);
    }

    private static async Task ForwardAsync(Task<GuestConnection> connecting)
    {
        var connection = await connecting;
        var writing = connection.WriteAsync(new byte[100], CancellationToken.None);
        await EndedAsync(connection.Output.CopyToAsync(Stream.Null, CancellationToken.None));
        await EndedAsync(writing);
        await EndedAsync(connection.Ended);
    }

    /// <summary>Whoever waits gets an end, and where it is a failure one of ours.</summary>
    private static async Task EndedAsync(Task task)
    {
        try
        {
            await task.WaitAsync(Limit);
        }
        catch (Exception e) when (e is OwnerPortException or GuestRefusedException)
        {
            // Told as it should be.
        }
    }
}
