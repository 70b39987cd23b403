using Google.Protobuf;
using Grpc.Core;
using Templating.Cli.Base;
using Templating.V1;

namespace Templating.Cli.Guests;

/// <summary>Carries bytes both ways between our terminal and a guest's serial console, until Ctrl-] or its end.</summary>
internal sealed class ConsoleSession(CliHost host, AsyncDuplexStreamingCall<AttachConsoleRequest, AttachConsoleResponse> call)
{
    /// <summary>Ctrl-], as telnet and virsh have it.</summary>
    public const byte Escape = 0x1d;

    // The wire's limit for one message.
    private const int ChunkBytes = 4 * 1024;

    public async Task RunAsync(AttachConsoleStart start, CancellationToken cancellationToken)
    {
        host.WatchReader();
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var input = SendAsync(start, ended);
        try
        {
            while (await call.ResponseStream.MoveNext(ended.Token))
            {
                await host.StandardOutput.WriteAsync(call.ResponseStream.Current.Output.Memory, cancellationToken);
                await host.StandardOutput.FlushAsync(cancellationToken);
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // Left by Ctrl-].
        }
        finally
        {
            await ended.CancelAsync();
            await input;
        }
    }

    private async Task SendAsync(AttachConsoleStart start, CancellationTokenSource ended)
    {
        try
        {
            await call.RequestStream.WriteAsync(new AttachConsoleRequest { Start = start }, ended.Token);
            if (start.NoFollow)
            {
                await call.RequestStream.CompleteAsync();
                return;
            }

            await using var keys = host.StandardInput();
            var buffer = new byte[ChunkBytes];
            int count;
            while ((count = await ReadAsync(keys, buffer, ended.Token)) > 0)
            {
                var leave = host.InputIsTerminal ? buffer.AsSpan(0, count).IndexOf(Escape) : -1;
                var typed = leave < 0 ? count : leave;
                if (typed > 0)
                {
                    await call.RequestStream.WriteAsync(new AttachConsoleRequest { Input = ByteString.CopyFrom(buffer, 0, typed) }, ended.Token);
                }

                if (leave >= 0)
                {
                    await ended.CancelAsync();
                    return;
                }
            }

            // Input from a file or a pipe ended: the output goes on.
            await call.RequestStream.CompleteAsync();
        }
        catch (Exception e) when (e is RpcException or OperationCanceledException or InvalidOperationException)
        {
            // The call is over. Why, the receiving side is told, and it says so.
        }
    }

    /// <summary>Input that is closed, or a terminal that has gone, types nothing.</summary>
    private static async Task<int> ReadAsync(Stream keys, byte[] buffer, CancellationToken cancellationToken)
    {
        try
        {
            return await keys.ReadAsync(buffer, cancellationToken);
        }
        catch (IOException)
        {
            return 0;
        }
    }
}
