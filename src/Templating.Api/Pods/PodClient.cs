using System.Runtime.CompilerServices;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Templating.Api.Client;
using Templating.V1;

namespace Templating.Api.Pods;

/// <summary>
/// Speaks with one VM pod by its socket, a connection for each call. Calls fail with a
/// <see cref="TemplatingClientException"/>: the pod's own error, or Unavailable where the pod does not answer.
/// </summary>
/// <param name="socketPath">The pod's socket; of any length, and never followed where it is a link.</param>
public sealed class PodClient(string socketPath)
{
    /// <summary>The pod's state now and whenever it changes. Ends when the pod closes in order, throws where it broke off.</summary>
    public async IAsyncEnumerable<PodStatus> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var connection = await OpenAsync(new PodRequest { Watch = new PodWatch() }, cancellationToken);
        while (await connection.ReadAsync(cancellationToken) is { } response)
        {
            yield return response.Status ?? throw Unexpected(response);
        }
    }

    /// <summary>Makes the waiting VM a clone; returns when its guest confirmed its identity.</summary>
    public Task<PodStatus> ActivateAsync(Activation activation, CancellationToken cancellationToken) =>
        AskAsync(new PodRequest { Activate = activation }, cancellationToken);

    public Task<PodStatus> QueryAsync(bool withMemory, CancellationToken cancellationToken) =>
        AskAsync(new PodRequest { Query = new PodQuery { WithMemory = withMemory } }, cancellationToken);

    /// <summary>With the parts of the template's files that the VM has used.</summary>
    public Task<PodStatus> QueryUsedAsync(CancellationToken cancellationToken) =>
        AskAsync(new PodRequest { Query = new PodQuery { WithUsed = true } }, cancellationToken);

    /// <summary>Stops the guest in order; returns when it is gone. The pod's process ends then.</summary>
    public Task<PodStatus> StopAsync(TimeSpan gracePeriod, CancellationToken cancellationToken) =>
        AskAsync(new PodRequest { Stop = new PodStop { GracePeriod = gracePeriod.ToDuration() } }, cancellationToken);

    /// <summary>Runs a program in the guest, as CloneService.ExecClone does; the start's name is not looked at.</summary>
    public Task<AsyncDuplexStreamingCall<ExecCloneRequest, ExecCloneResponse>> ExecAsync(CancellationToken cancellationToken) =>
        CallAsync(
            (ExecCloneRequest request) => new PodRequest { Exec = request }, response => response.Exec, cancellationToken);

    /// <summary>The guest's console, as CloneService.AttachConsole has it; the start's name is not looked at.</summary>
    public Task<AsyncDuplexStreamingCall<AttachConsoleRequest, AttachConsoleResponse>> AttachConsoleAsync(CancellationToken cancellationToken) =>
        CallAsync(
            (AttachConsoleRequest request) => new PodRequest { Console = request }, response => response.Console, cancellationToken);

    internal static TemplatingClientException Unexpected(PodResponse? response) => new(
        StatusCode.Unavailable,
        response is null ? "The pod closed the connection without an answer." : $"The pod answered {response.ResponseCase} to another question.");

    private async Task<PodStatus> AskAsync(PodRequest request, CancellationToken cancellationToken)
    {
        await using var connection = await OpenAsync(request, cancellationToken);
        var response = await connection.ReadAsync(cancellationToken);
        return response?.Status ?? throw Unexpected(response);
    }

    private async Task<PodConnection> OpenAsync(PodRequest request, CancellationToken cancellationToken)
    {
        var connection = await PodSocket.ConnectAsync(socketPath, cancellationToken);
        var sent = false;
        try
        {
            await connection.WriteAsync(request, cancellationToken);
            sent = true;
            return connection;
        }
        finally
        {
            if (!sent)
            {
                await connection.DisposeAsync();
            }
        }
    }

    private async Task<AsyncDuplexStreamingCall<TRequest, TResponse>> CallAsync<TRequest, TResponse>(
        Func<TRequest, PodRequest> wrap, Func<PodResponse, TResponse?> unwrap, CancellationToken cancellationToken)
        where TRequest : class
        where TResponse : class
    {
        var connection = await PodSocket.ConnectAsync(socketPath, cancellationToken);
        return new AsyncDuplexStreamingCall<TRequest, TResponse>(
            new PodRequestWriter<TRequest>(connection, wrap),
            new PodResponseReader<TResponse>(connection, unwrap),
            Task.FromResult(new Metadata()),
            () => Status.DefaultSuccess,
            () => [],
            () => _ = connection.DisposeAsync().AsTask());
    }
}
