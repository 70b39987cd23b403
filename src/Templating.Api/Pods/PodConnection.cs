using System.Net.Sockets;
using Google.Protobuf;
using Grpc.Core;
using Templating.Api.Client;
using Templating.V1;

namespace Templating.Api.Pods;

/// <summary>One connection to a VM pod's socket: a request and its responses.</summary>
public sealed class PodConnection : IAsyncDisposable
{
    private readonly NetworkStream _stream;

    internal PodConnection(Socket socket) => _stream = new NetworkStream(socket, ownsSocket: true);

    /// <summary>Sends a message. A peer that has closed already is no failure here: its answer says why, see <see cref="ReadAsync"/>.</summary>
    public async Task WriteAsync(IMessage message, CancellationToken cancellationToken)
    {
        try
        {
            await PodFraming.WriteAsync(_stream, message, cancellationToken);
        }
        catch (IOException)
        {
            // What it said before it closed can still be read.
        }
        catch (InvalidDataException e)
        {
            throw new TemplatingClientException(StatusCode.InvalidArgument, e.Message, e);
        }
    }

    /// <summary>The next response; null when the pod ended the connection in order.</summary>
    /// <exception cref="TemplatingClientException">The pod's error; Unavailable where the connection broke off.</exception>
    public async Task<PodResponse?> ReadAsync(CancellationToken cancellationToken)
    {
        PodResponse? response;
        try
        {
            response = await PodFraming.ReadAsync<PodResponse>(_stream, PodResponse.Descriptor, cancellationToken);
        }
        catch (Exception e) when (e is IOException or InvalidDataException)
        {
            throw new TemplatingClientException(StatusCode.Unavailable, "The connection to the pod broke off: " + e.Message, e);
        }

        return response?.ResponseCase == PodResponse.ResponseOneofCase.Error
            ? throw TemplatingClientException.From(response.Error)
            : response;
    }

    public ValueTask DisposeAsync() => _stream.DisposeAsync();
}
