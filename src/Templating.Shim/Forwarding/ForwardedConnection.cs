using System.Net.Sockets;
using Templating.OwnerPort.Errors;
using Templating.OwnerPort.Processes;

namespace Templating.Shim.Forwarding;

/// <summary>Carries bytes between who connected in the pod's namespace on the host and the program in the guest, until either has gone.</summary>
internal sealed class ForwardedConnection(Socket caller, GuestConnection guest)
{
    private const int Chunk = 32 * 1024;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var sending = SendAsync(over.Token, cancellationToken);
        try
        {
            await ReceiveAsync(over.Token);
            if ((await guest.Ended.WaitAsync(over.Token)).Code == 0)
            {
                caller.Shutdown(SocketShutdown.Send);
            }
            else
            {
                Reset();
            }
        }
        catch (Exception e) when (e is SocketException or OwnerPortException or OperationCanceledException)
        {
            Reset();
        }
        finally
        {
            await over.CancelAsync();
            await sending;
            await ForgetAsync(cancellationToken);
        }
    }

    /// <summary>From the caller; its end is heard there, and what comes from there goes on.</summary>
    private async Task SendAsync(CancellationToken cancellationToken, CancellationToken podEnds)
    {
        var buffer = new byte[Chunk];
        try
        {
            while (await caller.ReceiveAsync(buffer, cancellationToken) is > 0 and var got)
            {
                if (!await guest.WriteAsync(buffer.AsMemory(0, got), cancellationToken))
                {
                    return;
                }
            }

            await guest.EndWritingAsync(cancellationToken);
        }
        catch (SocketException)
        {
            // The caller reset it, and the program sees that, too.
            await ForgetAsync(podEnds);
        }
        catch (Exception e) when (e is OwnerPortException or OperationCanceledException or ObjectDisposedException)
        {
            // Told by the other direction.
            return;
        }
    }

    private async Task ReceiveAsync(CancellationToken cancellationToken)
    {
        var buffer = new byte[Chunk];
        while (await guest.Output.ReadAsync(buffer, cancellationToken) is > 0 and var got)
        {
            for (var sent = 0; sent < got;)
            {
                sent += await caller.SendAsync(buffer.AsMemory(sent, got - sent), cancellationToken);
            }
        }
    }

    /// <summary>The caller sees it reset.</summary>
    private void Reset() => caller.Close(0);

    /// <summary>The guest's half, where it is still there; when the pod ends nobody waits for a guest that is silent.</summary>
    private async Task ForgetAsync(CancellationToken podEnds)
    {
        guest.Output.Discard();
        if (guest.Ended.IsCompleted || podEnds.IsCancellationRequested)
        {
            return;
        }

        try
        {
            await guest.ResetAsync(podEnds);
        }
        catch (Exception e) when (e is OwnerPortException or GuestRefusedException or TimeoutException or OperationCanceledException)
        {
            // It has just ended, or the guest has, or the pod does.
            return;
        }
    }
}
