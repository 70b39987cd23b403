using System.Diagnostics;
using System.Net.Sockets;
using Grpc.Health.V1;
using Templating.Api.Client;
using Templating.Testing.Nodes;
using Templating.V1;

namespace Templating.Benchmarks;

/// <summary>The daemon under test, on a store and a run folder of its own.</summary>
internal sealed class Daemon : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(30);

    /// <summary>Hundreds of VMs on two cores need their time, also to end.</summary>
    private static readonly TimeSpan DeleteLimit = TimeSpan.FromMinutes(2);

    private const int DeletesAtOnce = 8;

    private readonly Child _child;
    private readonly Folders _folders;

    private Daemon(Child child, Folders folders, TemplatingClient client, TimeSpan untilServing) =>
        (_child, _folders, Client, UntilServing) = (child, folders, client, untilServing);

    public TemplatingClient Client { get; }

    public int Pid => _child.Pid;

    /// <summary>From before it was spawned to its first SERVING.</summary>
    public TimeSpan UntilServing { get; }

    public static async Task<Daemon> StartAsync(string executable, Folders folders, CancellationToken cancellationToken)
    {
        var address = TemplatingAddress.TryParse(folders.Socket, out var parsed, out var problem)
            ? parsed
            : throw new BenchmarkException(problem);
        var options = new TemplatingClientOptions { Address = address };
        var start = Stopwatch.GetTimestamp();
        var child = Child.StartLogged(folders.Log, folders.DaemonEnvironment, executable, "serve");
        try
        {
            await WaitServingAsync(child, folders, options, cancellationToken);
        }
        catch (Exception)
        {
            Processes.Signal(child.Pid, Processes.SignalKill);
            child.Dispose();
            throw;
        }

        return new Daemon(child, folders, new TemplatingClient(options), Stopwatch.GetElapsedTime(start));
    }

    /// <summary>Deletes all clones.</summary>
    public async Task DeleteClonesAsync(CancellationToken cancellationToken)
    {
        var clones = new List<VmClone>();
        await foreach (var clone in Client.Clones.ListAllAsync(
            new ListClonesRequest { Parent = "tenants/-" }, cancellationToken: cancellationToken))
        {
            clones.Add(clone);
        }

        var limit = new ParallelOptions { MaxDegreeOfParallelism = DeletesAtOnce, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(
            clones, limit, async (clone, token) => await Client.Clones.DeleteCloneAsync(new DeleteCloneRequest { Name = clone.Name }, cancellationToken: token));
    }

    /// <summary>Deletes what runs, then ends the daemon by its own process id, and then what it could not end.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            if (!_child.Ended)
            {
                using var delete = new CancellationTokenSource(DeleteLimit);
                await DeleteClonesAsync(delete.Token);
            }
        }
        catch (Exception e) when (e is TemplatingClientException or OperationCanceledException)
        {
            await Console.Error.WriteLineAsync($"The daemon did not delete its clones: {e.Message}");
        }

        Client.Dispose();
        using var limit = new CancellationTokenSource(StopLimit);
        Processes.Signal(Pid, Processes.SignalTerminate);
        try
        {
            await _child.WaitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            Processes.Signal(Pid, Processes.SignalKill);
        }

        _child.Dispose();
        var killed = VmProcesses.Of(_folders.Run).Count(pid => Processes.Signal(pid, Processes.SignalKill));
        if (killed > 0)
        {
            await Console.Error.WriteLineAsync($"VMs killed that were still there: {killed}");
        }
    }

    private static async Task WaitServingAsync(
        Child child, Folders folders, TemplatingClientOptions options, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(StartLimit);
        // A bare connect is the cheapest question: gRPC's own retries would back off for longer than the daemon needs.
        while (!await ConnectsAsync(folders.Socket, limit.Token))
        {
            if (child.Ended)
            {
                throw new BenchmarkException($"The daemon ended at its start:\n{await File.ReadAllTextAsync(folders.Log, cancellationToken)}");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System, limit.Token);
        }

        using var channel = ChannelFactory.Create(options);
        var health = new Health.HealthClient(channel);
        while ((await health.CheckAsync(new HealthCheckRequest(), cancellationToken: limit.Token)).Status
            != HealthCheckResponse.Types.ServingStatus.Serving)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System, limit.Token);
        }
    }

    private static async Task<bool> ConnectsAsync(string path, CancellationToken cancellationToken)
    {
        if (!File.Exists(path))
        {
            return false;
        }

        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellationToken);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
