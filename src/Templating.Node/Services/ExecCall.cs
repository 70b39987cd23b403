using System.Runtime.CompilerServices;
using Google.Protobuf;
using Grpc.Core;
using Templating.Core.Clones;
using Templating.Core.Errors;
using Templating.Core.Machines;
using Templating.Node.Mapping;
using Templating.V1;

namespace Templating.Node.Services;

/// <summary>
/// Runs a program in a guest. Both ways are pulled: input is read from the wire when the guest takes it, output from the
/// guest when the caller takes it, so that nobody's slowness fills the daemon's memory.
/// </summary>
internal sealed class ExecCall(ICloneManager clones, CallLifetime lifetime)
{
    private const int MaxInput = 64 << 10;

    public async Task RunAsync(
        IAsyncStreamReader<ExecCloneRequest> requests, IServerStreamWriter<ExecCloneResponse> responses, ServerCallContext context)
    {
        if (!await requests.MoveNext(context.CancellationToken) || requests.Current.Start is not { } start)
        {
            throw new TemplatingException([new FieldViolation("start", "The first message must start a program.")]);
        }

        var (name, command) = CloneReader.Exec(start, context.Caller());
        using var until = lifetime.Until(context);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(until.Token);
        var input = new Input(requests, ended);
        try
        {
            await foreach (var output in clones.ExecAsync(name, command, start.WithInput ? input.ReadAsync(ended.Token) : null, ended.Token))
            {
                await responses.WriteAsync(ToWire(output), ended.Token);
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
