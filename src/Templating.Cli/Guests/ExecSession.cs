using Google.Protobuf;
using Grpc.Core;
using Templating.Api.Client;
using Templating.Cli.Base;
using Templating.Cli.Exits;
using Templating.V1;

namespace Templating.Cli.Guests;

/// <summary>Carries bytes both ways between our standard streams and a program in the guest.</summary>
internal sealed class ExecSession(CliHost host, AsyncDuplexStreamingCall<ExecCloneRequest, ExecCloneResponse> call)
{
    // Half of what a message may hold: a pipe's worth.
    private const int ChunkBytes = 32 * 1024;

    private IOException? _inputFault;

    public async Task<int> RunAsync(ExecStart start, CancellationToken cancellationToken)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
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

    private async Task<int> ReceiveAsync(CancellationToken cancellationToken)
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
                    return response.Exit.Code;
            }
        }

        throw new CliException(ExitCode.Exec, "The call ended without the program's exit code.");
    }

    private async Task SendAsync(ExecStart start, CancellationTokenSource ended)
    {
        var cancellationToken = ended.Token;
        try
        {
            await call.RequestStream.WriteAsync(new ExecCloneRequest { Start = start }, cancellationToken);
            if (start.WithInput)
            {
                await using var input = host.StandardInput();
                var buffer = new byte[ChunkBytes];
                int count;
                while ((count = await input.ReadAsync(buffer, cancellationToken)) > 0)
                {
                    var chunk = new ExecCloneRequest { StandardInput = ByteString.CopyFrom(buffer, 0, count) };
                    await call.RequestStream.WriteAsync(chunk, cancellationToken);
                }

                await call.RequestStream.WriteAsync(new ExecCloneRequest { CloseInput = true }, cancellationToken);
            }

            await call.RequestStream.CompleteAsync();
        }
        catch (Exception e) when (e is RpcException or OperationCanceledException or InvalidOperationException)
        {
            // The call is over. Why, the receiving side is told, and it says so.
        }
        catch (IOException e)
        {
            // The program would wait for ever for what cannot be read.
            _inputFault = e;
            await ended.CancelAsync();
        }
    }

    private static async Task CopyAsync(ByteString bytes, Stream target, CancellationToken cancellationToken)
    {
        await target.WriteAsync(bytes.Memory, cancellationToken);
        await target.FlushAsync(cancellationToken);
    }
}
