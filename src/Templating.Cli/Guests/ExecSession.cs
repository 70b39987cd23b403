using System.Threading.Channels;
using Google.Protobuf;
using Grpc.Core;
using Templating.Api.Client;
using Templating.Cli.Base;
using Templating.Cli.Exits;
using Templating.V1;

namespace Templating.Cli.Guests;

/// <summary>Carries bytes both ways between our standard streams and a program in the guest.</summary>
internal sealed class ExecSession(CliHost host, AsyncDuplexStreamingCall<ExecCloneRequest, ExecCloneResponse> call) : IDisposable
{
    // Half of what a message may hold: a pipe's worth.
    private const int ChunkBytes = 32 * 1024;

    // Where nobody knows how large a terminal is.
    private const int DefaultRows = 24;
    private const int DefaultColumns = 80;

    /// <summary>Our size has changed: once for all changes that nobody has looked at yet.</summary>
    private readonly Channel<bool> _resized = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    private readonly SemaphoreSlim _write = new(1);
    private IOException? _inputFault;

    public static TerminalSize SizeOf(CliHost host)
    {
        var (rows, columns) = host.Terminal.Size ?? (DefaultRows, DefaultColumns);
        return new TerminalSize { Rows = (uint)rows, Columns = (uint)columns };
    }

    public void Dispose() => _write.Dispose();

    /// <summary>With a terminal's keys raw for as long as it runs. What ended the program is told after that.</summary>
    public async Task<int> RunAsync(ExecStart start, CancellationToken cancellationToken)
    {
        var exit = await RunRawAsync(start, cancellationToken);
        if (exit.TimedOut)
        {
            await host.Error.WriteLineAsync("The program's time was over, and it was killed.");
        }
        else if (exit.OomKilled)
        {
            await host.Error.WriteLineAsync("The guest's kernel killed the program, for the guest is out of memory.");
        }

        return exit.Code;
    }

    private async Task<ExecExit> RunRawAsync(ExecStart start, CancellationToken cancellationToken)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var raw = start.Terminal is not null && start.WithInput ? host.Terminal.MakeRaw() : null;
        using var watch = start.Terminal is null ? null : host.Terminal.WatchSize(() => _resized.Writer.TryWrite(true));
        var input = SendAsync(start, ended);
        try
        {
            return await ReceiveAsync(ended.Token);
        }
        catch (Exception e) when (_inputFault is not null && e is OperationCanceledException or TemplatingClientException)
        {
            throw new CliException(ExitCode.Exec, _inputFault.Message, _inputFault);
        }
        finally
        {
            await ended.CancelAsync();
            await input;
        }
    }

    private async Task<ExecExit> ReceiveAsync(CancellationToken cancellationToken)
    {
        while (await call.ResponseStream.MoveNext(cancellationToken))
        {
            var response = call.ResponseStream.Current;
            switch (response.ResponseCase)
            {
                case ExecCloneResponse.ResponseOneofCase.StandardOutput:
                    await CopyAsync(response.StandardOutput, host.StandardOutput, cancellationToken);
                    break;
                case ExecCloneResponse.ResponseOneofCase.StandardError:
                    await CopyAsync(response.StandardError, host.StandardError, cancellationToken);
                    break;
                case ExecCloneResponse.ResponseOneofCase.Exit:
                    return response.Exit;
            }
        }

        throw new CliException(ExitCode.Exec, "The call ended without the program's exit code.");
    }

    private async Task SendAsync(ExecStart start, CancellationTokenSource ended)
    {
        try
        {
            await WriteAsync(new ExecCloneRequest { Start = start }, ended.Token);
            await Task.WhenAll(
                start.WithInput ? SendInputAsync(ended) : Task.CompletedTask,
                start.Terminal is { } size ? SendSizesAsync(size, ended.Token) : Task.CompletedTask);
            await call.RequestStream.CompleteAsync();
        }
        catch (Exception e) when (e is RpcException or OperationCanceledException or InvalidOperationException)
        {
            // The call is over. Why, the receiving side is told, and it says so.
        }
    }

    private async Task SendInputAsync(CancellationTokenSource ended)
    {
        try
        {
            await using var input = host.StandardInput();
            var buffer = new byte[ChunkBytes];
            int count;
            while ((count = await input.ReadAsync(buffer, ended.Token)) > 0)
            {
                await WriteAsync(new ExecCloneRequest { StandardInput = ByteString.CopyFrom(buffer, 0, count) }, ended.Token);
            }

            await WriteAsync(new ExecCloneRequest { CloseInput = true }, ended.Token);
        }
        catch (IOException e)
        {
            // The program would wait for ever for what cannot be read.
            _inputFault = e;
            await ended.CancelAsync();
        }
    }

    /// <summary>Ends with the program alone.</summary>
    private async Task SendSizesAsync(TerminalSize last, CancellationToken cancellationToken)
    {
        await foreach (var _ in _resized.Reader.ReadAllAsync(cancellationToken))
        {
            if (SizeOf(host) is var size && !size.Equals(last))
            {
                await WriteAsync(new ExecCloneRequest { Resize = last = size }, cancellationToken);
            }
        }
    }

    /// <summary>A call takes one message at a time.</summary>
    private async Task WriteAsync(ExecCloneRequest request, CancellationToken cancellationToken)
    {
        await _write.WaitAsync(cancellationToken);
        try
        {
            await call.RequestStream.WriteAsync(request, cancellationToken);
        }
        finally
        {
            _write.Release();
        }
    }

    private static async Task CopyAsync(ByteString bytes, Stream target, CancellationToken cancellationToken)
    {
        await target.WriteAsync(bytes.Memory, cancellationToken);
        await target.FlushAsync(cancellationToken);
    }
}
