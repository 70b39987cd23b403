using System.Net.Sockets;
using Templating.Shim.Events;
using Templating.Shim.Host;
using Templating.Shim.Pods;
using Templating.Shim.Tasks;
using Templating.Shim.Ttrpc;

namespace Templating.Shim.Commands;

/// <summary>Serves containerd the tasks of one pod.</summary>
internal static class PodServer
{
    /// <summary>For events that containerd has not taken when all else is done; who restarts then asks.</summary>
    private static readonly TimeSpan LastEvents = TimeSpan.FromSeconds(3);

    public static async Task ServeAsync(Socket listener, ShimServerContext context, CancellationToken cancellationToken)
    {
        var clock = TimeProvider.System;
        var log = new ShimLogger(context.Log);
        await using var publisher = new EventPublisher(context.EventsAddress, context.Arguments.Namespace, log, clock);
        var turns = new StartTurns(Path.GetDirectoryName(context.Place.Lock)!, StartTurns.Usual, clock);
        await using var tasks = new PodTasks(
            async (first, token) => await Pod.StartAsync(
                first.Spec, first.Options, context.Arguments.Namespace,
                (options, identity, cgroups) => new PodRecord { Daemon = options.Daemon.ToString(), Sandbox = identity.SandboxName, Cgroups = cgroups }
                    .Write(context.Place.Folder),
                turns, context.Log, clock, token),
            new TaskEvents(publisher.Publish), context.Log, clock);
        using var memory = new IdleMemory(clock);
        var service = new TaskService(tasks, memory);
        var server = new TtrpcServer(log, clock);
        TaskServiceBinding.Register(server, service);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var serving = server.ServeAsync(listener, stop.Token);
        await await Task.WhenAny(serving, service.Shutdown);
        using (var limit = new CancellationTokenSource(LastEvents))
        {
            try
            {
                await publisher.FlushAsync(limit.Token);
            }
            catch (OperationCanceledException)
            {
                context.Log.Warning("containerd has not taken the last events.");
            }
        }

        await stop.CancelAsync();
        await serving;
    }
}
