using System.Runtime.CompilerServices;
using Google.Protobuf;
using Grpc.Core;
using Templating.Contract;
using Templating.Core.Errors;
using Templating.Core.Machines;
using Templating.Node.Mapping;
using Templating.V1;

namespace Templating.Node.Relays;

/// <summary>
/// Carries a program's input and output. Both ways are pulled: input is read from the wire when the guest takes it, output
/// from the guest when the caller takes it, so that nobody's slowness fills our memory.
/// </summary>
/// <param name="start">How the program is started.</param>
/// <param name="requests">What follows the start.</param>
/// <param name="write">Sends a response.</param>
/// <param name="ended">Cancelled where the caller breaks the rules; its token ends the program.</param>
internal sealed class ExecRelay(
    ExecStart start, IAsyncStreamReader<ExecCloneRequest> requests, Func<ExecCloneResponse, CancellationToken, Task> write,
    CancellationTokenSource ended)
{
    /// <param name="run">Starts the program with what is to come for it.</param>
    public async Task RunAsync(Func<IAsyncEnumerable<ExecInput>, IAsyncEnumerable<ExecOutput>> run)
    {
        var input = new Input(start, requests, ended);
        try
        {
            await foreach (var output in run(input.ReadAsync(ended.Token)))
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
        ExecExited { Signal: { } signal } killed => new ExecCloneResponse
        {
            Exit = new ExecExit { Code = 128 + signal, Signal = signal, TimedOut = killed.TimedOut, OomKilled = killed.OutOfMemory },
        },
        ExecExited exited => new ExecCloneResponse { Exit = new ExecExit { Code = exited.ExitCode ?? 0 } },
        _ => throw new ArgumentOutOfRangeException(nameof(output), output, message: null),
    };

    /// <summary>What comes from the caller. A fault in it ends the program and then the call, whatever the program's end looks like.</summary>
    private sealed class Input(ExecStart start, IAsyncStreamReader<ExecCloneRequest> requests, CancellationTokenSource ended)
    {
        private readonly ExecInputReader _reader = new(start);

        public TemplatingException? Fault { get; private set; }

        public async IAsyncEnumerable<ExecInput> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
        {
            while (await MoveNextAsync(cancellationToken))
            {
                var faults = new Faults();
                if (_reader.Read(requests.Current, faults) is not { } item)
                {
                    Fault = new TemplatingException(faults.All);
                    await ended.CancelAsync();
                    cancellationToken.ThrowIfCancellationRequested();
                    yield break;
                }

                yield return item;
            }
        }

        /// <summary>A stream that breaks off is a caller that has gone, also before its call is known to have ended.</summary>
        private async Task<bool> MoveNextAsync(CancellationToken cancellationToken)
        {
            try
            {
                return await requests.MoveNext(cancellationToken);
            }
            catch (IOException)
            {
                await ended.CancelAsync();
                throw new OperationCanceledException(ended.Token);
            }
        }
    }
}
