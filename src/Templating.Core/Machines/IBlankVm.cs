namespace Templating.Core.Machines;

/// <summary>
/// A VM's process that has started and waits for its memory: its devices are there, its guest is not. Nothing of any tenant has been
/// near it. Disposing lets go of it; it does not end it (see <see cref="Kill"/>).
/// </summary>
public interface IBlankVm : IAsyncDisposable
{
    VmProcessId Process { get; }

    /// <summary>Completes when the process is gone. Never faults.</summary>
    Task Exited { get; }

    /// <summary>Whether the QEMU that is installed is still the one that it was started from.</summary>
    bool IsCurrent { get; }

    /// <summary>
    /// Gives it its memory, once: what <see cref="IVmm.PrepareAsync"/> makes, with the promises of that. Its user and generation are those
    /// that it was started with; its folder becomes the request's. Where this fails it is good for nothing more, and the request's
    /// folder is as it was.
    /// </summary>
    Task<IVm> BindAsync(PrepareRequest request, CancellationToken cancellationToken);

    /// <summary>Sends it its end; does not wait for that.</summary>
    void Kill();
}

/// <summary>What a VM is started with that does not know its template yet.</summary>
public sealed record BlankRequest
{
    /// <summary>There already, and nobody else's.</summary>
    public required VmFolder Folder { get; init; }

    public required BlankShape Shape { get; init; }

    /// <summary>As <see cref="PrepareRequest.Generation"/>: drawn for it alone, and given to one clone.</summary>
    public required Guid Generation { get; init; }

    public VmUser? User { get; init; }
}
