namespace Templating.Core.Vms;

/// <summary>How many VMs start at the same time; the others wait. More than the CPUs can do makes all of them slow.</summary>
internal sealed class StartTurns(int atOnce) : IDisposable
{
    private readonly SemaphoreSlim _slots = new(atOnce);

    public Task WaitAsync(CancellationToken cancellationToken) => _slots.WaitAsync(cancellationToken);

    /// <summary>Once for each <see cref="WaitAsync"/> that came back.</summary>
    public void GiveBack() => _slots.Release();

    public void Dispose() => _slots.Dispose();
}
