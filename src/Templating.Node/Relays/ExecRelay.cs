using System.Runtime.CompilerServices;
using Google.Protobuf;
using Grpc.Core;
using Templating.Contract;
using Templating.Core.Errors;
using Templating.Core.Machines;
using Templating.V1;

namespace Templating.Node.Relays;

/// <summary>
/// Carries a program's input and output. Both ways are pulled: input is read from the wire when the guest takes it, output
/// from the guest when the caller takes it, so that nobody's slowness fills our memory.
/// </summary>
/// <param name="requests">What follows the start.</param>
/// <param name="write">Sends a response.</param>
/// <param name="ended">Cancelled where the caller breaks the rules; its token ends the program.</param>
internal sealed class ExecRelay(
    IAsyncStreamReader<ExecCloneRequest> requests, Func<ExecCloneResponse, CancellationToken, Task> write, CancellationTokenSource ended)
{
    private const int MaxInput = 64 << 10;

    /// <param name="start">Starts the program with the input given, which need not be used.</param>
    public async Task RunAsync(Func<IAsyncEnumerable<ReadOnlyMemory<byte>>, IAsyncEnumerable<ExecOutput>> start)
    {
        var input = new Input(requests, ended);
        try
        {
            await foreach (var output in start(input.ReadAsync(ended.Token)))
            {
                await write(ToWire(output), ended.Token);
            }
        }
        catch (Exception) when (input.Fault is not null)
        {
            throw input.Fault;
        }
    }

    private static ExecCloneResponse ToWire(ExecOutput output) => output switch
    {
        ExecStandardOutput bytes => new ExecCloneResponse { StandardOutput = ByteString.CopyFrom(bytes.Bytes.Span) },
        ExecStandardError bytes => new ExecCloneResponse { StandardError = ByteString.CopyFrom(bytes.Bytes.Span) },
        ExecExited { Signal: { } signal } => new ExecCloneResponse { Exit = new ExecExit { Code = 128 + signal, Signal = signal } },
        ExecExited exited => new ExecCloneResponse { Exit = new ExecExit { Code = exited.ExitCode ?? 0 } },
        _ => throw new ArgumentOutOfRangeException(nameof(output), output, message: null),
    };

    /// <summary>The caller's input. A fault in it ends the program and then the call, whatever the program's end looks like.</summary>
    private sealed class Input(IAsyncStreamReader<ExecCloneRequest> requests, CancellationTokenSource ended)
    {
        public TemplatingException? Fault { get; private set; }

        public async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
        {
            while (await requests.MoveNext(cancellationToken))
            {
                var request = requests.Current;
                switch (request.RequestCase)
                {
                    case ExecCloneRequest.RequestOneofCase.StandardInput when request.StandardInput.Length <= MaxInput:
                        yield return request.StandardInput.Memory;
                        break;
                    case ExecCloneRequest.RequestOneofCase.CloseInput:
                        yield break;
                    default:
                        Fault = new TemplatingException([Describe(request)]);
                        await ended.CancelAsync();
                        cancellationToken.ThrowIfCancellationRequested();
                        yield break;
                }
            }
        }

        private static FieldViolation Describe(ExecCloneRequest request) => request.RequestCase switch
        {
            ExecCloneRequest.RequestOneofCase.StandardInput => new FieldViolation(
                "standard_input", $"It has {request.StandardInput.Length} bytes; at most {MaxInput} are allowed in one message."),
            ExecCloneRequest.RequestOneofCase.Start => new FieldViolation("start", "Only the first message may start a program."),
            _ => new FieldViolation("request", "It is empty; send standard_input or close_input."),
        };
    }
}
