using Templating.Testing.Nodes;

namespace Templating.IntegrationTests.Node;

/// <summary>A process that owns sandboxes and does nothing else.</summary>
internal sealed class SandboxOwner : IDisposable
{
    private readonly ChildProcess _process = new("/bin/sleep", ["1000"], environment: null, redirect: false);

    public int Pid => _process.Id;

    public bool Lives => !_process.HasExited;

    public async Task KillAsync(CancellationToken cancellationToken)
    {
        Signals.Send(Pid, Signals.Kill);
        await _process.WaitExitAsync(cancellationToken);
    }

    public void Dispose() => _process.Dispose();
}
