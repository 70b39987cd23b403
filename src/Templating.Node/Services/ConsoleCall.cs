using Grpc.Core;
using Templating.Contract;
using Templating.Core.Clones;
using Templating.Core.Errors;
using Templating.Node.Mapping;
using Templating.V1;

namespace Templating.Node.Services;

/// <summary>A clone's serial console.</summary>
internal sealed class ConsoleCall(ICloneManager clones, CallLifetime lifetime)
{
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
        await new ConsoleRelay(console, requests, responses.WriteAsync).RunAsync(start, ended);
    }
}
