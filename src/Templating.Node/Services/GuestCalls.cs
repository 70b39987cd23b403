using Grpc.Core;
using Templating.Contract;
using Templating.Core.Clones;
using Templating.Core.Errors;
using Templating.Node.Mapping;
using Templating.Node.Relays;
using Templating.V1;

namespace Templating.Node.Services;

/// <summary>Conversations with a clone's guest: with a program in it, and with its serial console.</summary>
internal sealed class GuestCalls(ICloneManager clones, CallLifetime lifetime)
{
    public async Task ExecAsync(
        IAsyncStreamReader<ExecCloneRequest> requests, IServerStreamWriter<ExecCloneResponse> responses, ServerCallContext context)
    {
        var start = await StartAsync(requests, request => request.Start, "The first message must start a program.", context);
        var (name, command) = CloneReader.Exec(start, context.Caller());
        using var ended = lifetime.Until(context);
        var relay = new ExecRelay(start, requests, responses.WriteAsync, ended);
        await relay.RunAsync(input => clones.ExecAsync(name, command, input, ended.Token));
    }

    public async Task AttachConsoleAsync(
        IAsyncStreamReader<AttachConsoleRequest> requests, IServerStreamWriter<AttachConsoleResponse> responses, ServerCallContext context)
    {
        var start = await StartAsync(requests, request => request.Start, "The first message must name the clone.", context);
        var console = clones.OpenConsole(NameReader.Clone("start.name", start.Name, context.Caller()));
        using var ended = lifetime.Until(context);
        await new ConsoleRelay(console, requests, responses.WriteAsync).RunAsync(start, ended);
    }

    private static async Task<TStart> StartAsync<TRequest, TStart>(
        IAsyncStreamReader<TRequest> requests, Func<TRequest, TStart?> open, string rule, ServerCallContext context)
        where TStart : class =>
        await requests.MoveNext(context.CancellationToken) && open(requests.Current) is { } start
            ? start
            : throw new TemplatingException([new FieldViolation("start", rule)]);
}
