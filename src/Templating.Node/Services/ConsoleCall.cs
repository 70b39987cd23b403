using Google.Protobuf;
using Grpc.Core;
using Templating.Core.Clones;
using Templating.Core.Errors;
using Templating.Core.Machines;
using Templating.Node.Mapping;
using Templating.V1;

namespace Templating.Node.Services;

/// <summary>A guest's serial console, both ways. A caller that types nothing more may go on reading.</summary>
internal sealed class ConsoleCall(ICloneManager clones, CallLifetime lifetime)
{
    private const int MaxInput = 4 << 10;

    public async Task RunAsync(
        IAsyncStreamReader<AttachConsoleRequest> requests, IServerStreamWriter<AttachConsoleResponse> responses, ServerCallContext context)
    {
        if (!await requests.MoveNext(context.CancellationToken) || requests.Current.Start is not { } start)
        {
            throw new TemplatingException([new FieldViolation("start", "The first message must name the clone.")]);
        }

        var console = clones.OpenConsole(NameReader.Clone("start.name", start.Name, context.Caller()));
        using var until = lifetime.Until(context);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(until.Token);
        if (start.NoFollow)
        {
            await SendHistoryAsync(console, start, responses, ended.Token);
            return;
        }

        var typing = TypeAsync(console, requests, ended.Token);
        var reading = ReadAsync(console, start, responses, ended.Token);
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

    private static async Task ReadAsync(
        IConsole console, AttachConsoleStart start, IServerStreamWriter<AttachConsoleResponse> responses, CancellationToken cancellationToken)
    {
        await using var output = console.ReadAsync(cancellationToken).GetAsyncEnumerator(cancellationToken);
        // Subscribed before the history is taken: a byte may come twice, none is lost.
        var more = output.MoveNextAsync();
        await SendHistoryAsync(console, start, responses, cancellationToken);
        while (await more)
        {
            await responses.WriteAsync(new AttachConsoleResponse { Output = ByteString.CopyFrom(output.Current.Span) }, cancellationToken);
            more = output.MoveNextAsync();
        }
    }

    private static async Task SendHistoryAsync(
        IConsole console, AttachConsoleStart start, IServerStreamWriter<AttachConsoleResponse> responses, CancellationToken cancellationToken)
    {
        if (start.WithHistory && console.ReadTail() is { Length: > 0 } tail)
        {
            await responses.WriteAsync(new AttachConsoleResponse { Output = UnsafeByteOperations.UnsafeWrap(tail) }, cancellationToken);
        }
    }

    private static async Task TypeAsync(IConsole console, IAsyncStreamReader<AttachConsoleRequest> requests, CancellationToken cancellationToken)
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
