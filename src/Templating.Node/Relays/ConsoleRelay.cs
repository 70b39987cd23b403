using Google.Protobuf;
using Grpc.Core;
using Templating.Contract;
using Templating.Core.Errors;
using Templating.Core.Machines;
using Templating.V1;

namespace Templating.Node.Relays;

/// <summary>A guest's serial console, both ways. A caller that types nothing more may go on reading.</summary>
internal sealed class ConsoleRelay(
    IConsole console, IAsyncStreamReader<AttachConsoleRequest> requests, Func<AttachConsoleResponse, CancellationToken, Task> write)
{
    private const int MaxInput = 4 << 10;

    /// <param name="start">What the first request said.</param>
    /// <param name="ended">Cancelled at the end; its token ends the conversation.</param>
    public async Task RunAsync(AttachConsoleStart start, CancellationTokenSource ended)
    {
        if (start.NoFollow)
        {
            await SendHistoryAsync(start, ended.Token);
            return;
        }

        var typing = TypeAsync(ended.Token);
        var reading = ReadAsync(start, ended.Token);
        // The end of typing is not the end of reading, but a fault in it is.
        if (await Task.WhenAny(typing, reading) == typing && !typing.IsCompletedSuccessfully)
        {
            await ended.CancelAsync();
        }

        try
        {
            await reading;
        }
        catch (OperationCanceledException) when (typing.IsFaulted)
        {
            await typing;
        }
        finally
        {
            await ended.CancelAsync();
            await typing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task ReadAsync(AttachConsoleStart start, CancellationToken cancellationToken)
    {
        await using var output = console.ReadAsync(cancellationToken).GetAsyncEnumerator(cancellationToken);
        // Subscribed before the history is taken: a byte may come twice, none is lost.
        var more = output.MoveNextAsync();
        await SendHistoryAsync(start, cancellationToken);
        while (await more)
        {
            await write(new AttachConsoleResponse { Output = ByteString.CopyFrom(output.Current.Span) }, cancellationToken);
            more = output.MoveNextAsync();
        }
    }

    private async Task SendHistoryAsync(AttachConsoleStart start, CancellationToken cancellationToken)
    {
        if (start.WithHistory && console.ReadTail() is { Length: > 0 } tail)
        {
            await write(new AttachConsoleResponse { Output = UnsafeByteOperations.UnsafeWrap(tail) }, cancellationToken);
        }
    }

    private async Task TypeAsync(CancellationToken cancellationToken)
    {
        while (await requests.MoveNext(cancellationToken))
        {
            var request = requests.Current;
            if (request.RequestCase != AttachConsoleRequest.RequestOneofCase.Input || request.Input.Length > MaxInput)
            {
                throw new TemplatingException(
                    [new FieldViolation("input", $"After the first message each must carry input, at most {MaxInput} bytes of it.")]);
            }

            await console.WriteAsync(request.Input.Memory, cancellationToken);
        }
    }
}
