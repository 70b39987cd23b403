using Grpc.Core;
using Templating.Contract;
using Templating.Core.Clones;
using Templating.Core.Errors;
using Templating.Node.Mapping;
using Templating.V1;

namespace Templating.Node.Services;

/// <summary>Runs a program in a clone's guest.</summary>
internal sealed class ExecCall(ICloneManager clones, CallLifetime lifetime)
{
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
        var relay = new ExecRelay(requests, responses.WriteAsync, ended);
        await relay.RunAsync(input => clones.ExecAsync(name, command, start.WithInput ? input : null, ended.Token));
    }
}
