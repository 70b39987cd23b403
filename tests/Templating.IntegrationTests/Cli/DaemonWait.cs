using Grpc.Core;
using Templating.Api.Client;
using Templating.Testing.Nodes;
using Templating.V1;

namespace Templating.IntegrationTests.Cli;

/// <summary>Until a daemon that the test itself started answers.</summary>
internal sealed class DaemonWait(NodeFolder folder) : IDisposable
{
    private readonly TemplatingClient _client = new(new TemplatingClientOptions { Address = NodeDaemon.AddressOf(folder) });

    public async Task WaitAsync(ChildProcess daemon, CancellationToken cancellationToken)
    {
        while (!await AnswersAsync(cancellationToken))
        {
            if (daemon.HasExited)
            {
                throw new InvalidOperationException(await daemon.Error.ReadToEndAsync(cancellationToken));
            }

            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, cancellationToken);
        }
    }

    public void Dispose() => _client.Dispose();

    private async Task<bool> AnswersAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _client.Node.GetNodeAsync(new GetNodeRequest(), cancellationToken: cancellationToken);
            return true;
        }
        catch (TemplatingClientException e) when (e.Code == StatusCode.Unavailable)
        {
            return false;
        }
    }
}
