using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Templating.Core.Errors;
using Templating.Core.Linux;
using Templating.Core.Machines;
using Templating.Qemu.Base;
using Templating.Qemu.Process;

namespace Templating.Qemu.GuestAgent;

/// <summary>templating-guest: opens a conversation when there is none, and another after one has failed.</summary>
internal sealed class GuestClient(string socketPath, Socket? first, TimeProvider time) : IAsyncDisposable
{
    private const int InputChunk = InputWindow.Bytes / 2;

    /// <summary>Acknowledged in lumps: an acknowledgement costs the guest a wake.</summary>
    private const int AcknowledgeEvery = GuestExec.Window / 4;

    /// <summary>For telling the guest to kill a command after the caller has gone.</summary>
    private static readonly TimeSpan AbandonTimeout = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan SyncTimeout = TimeSpan.FromSeconds(10);

    /// <summary>After which another connection is tried, a few of them within <see cref="SyncTimeout"/>.</summary>
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(3);

    private readonly SemaphoreSlim _opening = new(1);
    private GuestChannel? _channel = first is null ? null : new GuestChannel(first, time);

    public async Task WaitReadyAsync(CancellationToken cancellationToken)
    {
        var channel = await OpenAsync(cancellationToken);
        await channel.SyncAsync(cancellationToken);
    }

    public async Task<GuestLine> IdentifyAsync(GuestIdentity identity, CancellationToken cancellationToken)
    {
        var channel = await OpenAsync(cancellationToken);
        return await channel.IdentifyAsync(identity, cancellationToken);
    }

    public async IAsyncEnumerable<ExecOutput> ExecAsync(
        GuestCommand command, IAsyncEnumerable<ExecInput>? input,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var channel = await Deadline.RunAsync(time, SyncTimeout, OpenSyncedAsync, () => new TemplatingException(
            ErrorCode.GuestAgentFailed, $"The guest's agent did not answer within {SyncTimeout.TotalSeconds:0} s."),
            cancellationToken);
        channel.Features.Require(command);
        var started = time.GetTimestamp();
        var exec = await channel.ExecAsync(command, input is not null && command.TakesInput, cancellationToken);
        using var inputEnd = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var feeding = input is null ? Task.CompletedTask : FeedAsync(channel, exec, command, input, inputEnd.Token);
        var unacknowledged = 0;
        var ended = false;
        try
        {
            await foreach (var output in exec.Output.ReadAllAsync(cancellationToken))
            {
                ended = output is ExecExited;
                yield return output is ExecExited { Signal: ProcessCalls.SignalKill } killed && !channel.Features.Why
                    && command.Timeout is { } timeout && time.GetElapsedTime(started) >= timeout
                    ? killed with { TimedOut = true } // an older guest's timeout, by our own clock
                    : output;
                unacknowledged += GuestChannel.SizeOf(output);
                if (!ended && unacknowledged >= AcknowledgeEvery)
                {
                    await channel.AcknowledgeAsync(exec, unacknowledged, cancellationToken);
                    unacknowledged = 0;
                }
            }
        }
        finally
        {
            await inputEnd.CancelAsync();
            try
            {
                await feeding;
            }
            finally
            {
                // Whatever became of its input, a command nobody reads is ended.
                if (!ended)
                {
                    await AbandonAsync(channel, exec, unacknowledged);
                }
            }
        }
    }

    /// <summary>The connection ends in QEMU and stays open when the guest's end goes, so this is the only sign of it.</summary>
    public void PortClosed() => _channel?.PortClosed();

    public async ValueTask DisposeAsync()
    {
        if (_channel is not null)
        {
            await _channel.DisposeAsync();
        }
    }

    private async Task AbandonAsync(GuestChannel channel, GuestExec exec, int unread)
    {
        using var limit = new CancellationTokenSource(AbandonTimeout, time);
        try
        {
            await channel.AbandonAsync(exec, unread, limit.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or TemplatingException)
        {
            // A guest that cannot be told loses the conversation, and by that ends its commands (docs/guest-protocol.md).
            await channel.DisposeAsync();
        }
    }

    private static async Task FeedAsync(
        GuestChannel channel, GuestExec exec, GuestCommand command, IAsyncEnumerable<ExecInput> input, CancellationToken cancellationToken)
    {
        try
        {
            var open = command.TakesInput;
            await foreach (var item in input.WithCancellation(cancellationToken))
            {
                switch (item)
                {
                    case ExecInputBytes { Bytes: var bytes } when open:
                        for (var rest = bytes; !rest.IsEmpty; rest = rest[Math.Min(InputChunk, rest.Length)..])
                        {
                            await channel.InputAsync(exec, rest[..Math.Min(InputChunk, rest.Length)], cancellationToken);
                        }

                        break;
                    case ExecInputEnd when open:
                        open = false;
                        await channel.InputAsync(exec, default, cancellationToken);
                        break;
                    case ExecResize { Size: var size }:
                        await channel.ResizeAsync(exec, size, cancellationToken);
                        break;
                    case ExecSignal { Number: var signal }:
                        await channel.SignalAsync(exec, signal, cancellationToken);
                        break;
                }
            }

            if (open)
            {
                await channel.InputAsync(exec, default, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The command has ended, or nobody waits for it.
        }
        catch (TemplatingException) when (!channel.Usable)
        {
            // The reader of the output gets the same error, and tells it.
        }
    }

    /// <summary>
    /// Where there is no answer by one connection, by another: of a host that goes while QEMU waits for it to read (a daemon that is killed), QEMU 10.0
    /// forgets to let go. Nothing that the guest writes comes out then, until QEMU sees a host go once more.
    /// </summary>
    private async Task<GuestChannel> OpenSyncedAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var channel = await OpenAsync(cancellationToken);
            using var patience = new CancellationTokenSource(AnswerTimeout, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
            try
            {
                await channel.SyncAsync(either.Token);
                return channel;
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                // An identity on its way has more time than this, and its own end.
                if (!channel.AwaitsIdentity)
                {
                    await channel.DisposeAsync();
                }
            }
        }
    }

    private async Task<GuestChannel> OpenAsync(CancellationToken cancellationToken)
    {
        await _opening.WaitAsync(cancellationToken);
        try
        {
            if (_channel is { Usable: true })
            {
                return _channel;
            }

            if (_channel is not null)
            {
                await _channel.DisposeAsync();
            }

            return _channel = new GuestChannel(ListeningSocket.ConnectTo(socketPath), time);
        }
        catch (SocketException e)
        {
            throw new TemplatingException(ErrorCode.GuestAgentFailed, "The guest's agent cannot be reached: the VM has ended.", e);
        }
        finally
        {
            _opening.Release();
        }
    }
}
