using System.Net.Sockets;
using Templating.Api.Pods;
using Templating.Contract;
using Templating.Core.Errors;
using Templating.Node.Mapping;
using Templating.Node.Relays;
using Templating.V1;

namespace Templating.Node.PodProcess;

/// <summary>One connection to the pod's socket: a request and its responses.</summary>
internal sealed class PodSession(NetworkStream stream, PodVm vm, TimeProvider time, Action<string> complain)
{
    /// <summary>The longest grace a caller may ask for.</summary>
    public static readonly TimeSpan MaxGrace = TimeSpan.FromMinutes(10);

    /// <summary>For the first request; who connects and says nothing takes another's place.</summary>
    private static readonly TimeSpan RequestLimit = TimeSpan.FromSeconds(10);

    /// <summary>For the peer to read the last answer and hang up.</summary>
    private static readonly TimeSpan FarewellLimit = TimeSpan.FromSeconds(2);

    /// <summary>Serves it, and closes it.</summary>
    /// <param name="refusal">Where it is not to be served, the answer it gets.</param>
    /// <param name="closing">Ends it.</param>
    public async Task RunAsync(TemplatingException? refusal, CancellationToken closing)
    {
        await using (stream)
        {
            try
            {
                await AnswerAsync(refusal, closing);
                await FarewellAsync();
            }
            catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
            {
                // The peer is gone, or we are going.
            }
        }
    }

    private async Task AnswerAsync(TemplatingException? refusal, CancellationToken closing)
    {
        try
        {
            if (refusal is not null)
            {
                throw refusal;
            }

            await ServeAsync(await ReadRequestAsync(closing), closing);
        }
        catch (TemplatingException e)
        {
            await WriteAsync(new PodResponse { Error = ErrorMapping.ToStatus(e) }, closing);
        }
        catch (InvalidDataException e)
        {
            await WriteAsync(
                new PodResponse { Error = ErrorMapping.ToStatus(new TemplatingException(ErrorCode.InvalidArgument, e.Message, e)) }, closing);
        }
        catch (Exception e) when (HostFailure.Find(e) is { } limit)
        {
            complain($"A request was refused: {limit.Message}");
            await WriteAsync(new PodResponse { Error = ErrorMapping.ToStatus(limit) }, closing);
        }
        catch (Exception e) when (e is not (IOException or SocketException or OperationCanceledException or ObjectDisposedException))
        {
            var id = Guid.NewGuid().ToString("N");
            complain($"A request failed ({id}): {e}");
            await WriteAsync(new PodResponse { Error = ErrorMapping.ToInternal(id) }, closing);
        }
    }

    private async Task<PodRequest> ReadRequestAsync(CancellationToken closing)
    {
        using var limit = new CancellationTokenSource(RequestLimit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, closing);
        try
        {
            return await PodFraming.ReadAsync<PodRequest>(stream, PodRequest.Descriptor, either.Token) ?? throw new IOException("The peer asked nothing.");
        }
        catch (OperationCanceledException e) when (limit.IsCancellationRequested && !closing.IsCancellationRequested)
        {
            throw new InvalidDataException($"No request came within {RequestLimit.TotalSeconds:0} s.", e);
        }
    }

    private Task ServeAsync(PodRequest request, CancellationToken closing) => request.RequestCase switch
    {
        PodRequest.RequestOneofCase.Watch => WatchAsync(closing),
        PodRequest.RequestOneofCase.Activate => ActivateAsync(request.Activate, closing),
        PodRequest.RequestOneofCase.Query => QueryAsync(request.Query, closing),
        PodRequest.RequestOneofCase.Stop => StopAsync(request.Stop, closing),
        PodRequest.RequestOneofCase.Exec => ExecAsync(request.Exec, closing),
        PodRequest.RequestOneofCase.Console => ConsoleAsync(request.Console, closing),
        _ => throw new TemplatingException([new FieldViolation("request", "It is empty, or of a kind that this version does not know.")]),
    };

    private async Task WatchAsync(CancellationToken closing)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(closing);
        var watching = EndWithPeerAsync(ended);
        try
        {
            PodState? told = null;
            await foreach (var view in vm.WatchAsync(ended.Token))
            {
                // Its steps within a state are told with the state that they lead to.
                var status = PodWriter.ToWire(view, vm.Ip);
                if (status.State != told)
                {
                    told = status.State;
                    await WriteAsync(new PodResponse { Status = status }, ended.Token);
                }
            }
        }
        finally
        {
            await ended.CancelAsync();
            await watching;
        }
    }

    /// <summary>A caller that goes away does not undo it: with the same request id it may ask again.</summary>
    private async Task ActivateAsync(V1.Activation activation, CancellationToken closing)
    {
        var view = await vm.ActivateAsync(ActivationReader.Read(activation), closing);
        await WriteAsync(new PodResponse { Status = PodWriter.ToWire(view, vm.Ip) }, closing);
    }

    private async Task QueryAsync(PodQuery query, CancellationToken closing)
    {
        var memory = query.WithMemory ? await vm.ReadMemoryAsync(closing) : null;
        var status = PodWriter.ToWire(vm.View, vm.Ip, memory);
        if (query.WithUsed)
        {
            status.Used.AddRange(UsedPartsMapping.ToWire(await vm.ReadUsedAsync()));
        }

        await WriteAsync(new PodResponse { Status = status }, closing);
    }

    private async Task StopAsync(PodStop stop, CancellationToken closing)
    {
        var faults = new Faults();
        var grace = FieldReader.Duration("grace_period", stop.GracePeriod, TimeSpan.Zero, MaxGrace, faults) ?? TimeSpan.Zero;
        faults.ThrowIfAny();
        await vm.StopAsync(grace).WaitAsync(closing);
        await WriteAsync(new PodResponse { Status = PodWriter.ToWire(vm.View, vm.Ip) }, closing);
    }

    private async Task ExecAsync(ExecCloneRequest first, CancellationToken closing)
    {
        if (first.Start is not { } start)
        {
            throw new TemplatingException([new FieldViolation("exec.start", "The first message must start a program.")]);
        }

        var command = CloneReader.Command(start);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(closing);
        var requests = new PodRequestReader<ExecCloneRequest>(stream, request => request.Exec, ended);
        var relay = new ExecRelay(start, requests, (response, token) => WriteAsync(new PodResponse { Exec = response }, token), ended);
        try
        {
            await relay.RunAsync(input => vm.ExecAsync(command, input, ended.Token));
        }
        finally
        {
            await ended.CancelAsync();
        }
    }

    private async Task ConsoleAsync(AttachConsoleRequest first, CancellationToken closing)
    {
        if (first.Start is not { } start)
        {
            throw new TemplatingException([new FieldViolation("console.start", "The first message must open the console.")]);
        }

        using var ended = CancellationTokenSource.CreateLinkedTokenSource(closing);
        var requests = new PodRequestReader<AttachConsoleRequest>(stream, request => request.Console, ended);
        var relay = new ConsoleRelay(
            vm.OpenConsole(), requests, (response, token) => WriteAsync(new PodResponse { Console = response }, token));
        await relay.RunAsync(start, ended);
    }

    private Task WriteAsync(PodResponse response, CancellationToken cancellationToken) =>
        PodFraming.WriteAsync(stream, response, cancellationToken);

    /// <summary>A peer that has nothing more to say and hangs up is gone: what is done for it ends.</summary>
    private async Task EndWithPeerAsync(CancellationTokenSource ended)
    {
        try
        {
            _ = await stream.ReadAsync(new byte[1], ended.Token);
            await ended.CancelAsync();
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
        {
            await ended.CancelAsync();
        }
    }

    /// <summary>
    /// The kernel resets a connection that is closed with something unread in it, and the peer would lose our last answer with
    /// it (net/unix/af_unix.c, unix_release_sock). So what it still sends is read away until it hangs up.
    /// </summary>
    private async Task FarewellAsync()
    {
        stream.Socket.Shutdown(SocketShutdown.Send);
        using var limit = new CancellationTokenSource(FarewellLimit, time);
        var buffer = new byte[4096];
        while (await stream.ReadAsync(buffer, limit.Token) > 0)
        {
            // Dropped.
        }
    }
}
