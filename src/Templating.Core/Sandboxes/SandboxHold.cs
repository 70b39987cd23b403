using Templating.Core.Clones;

namespace Templating.Core.Sandboxes;

/// <summary>A sandbox as one call holds it. Disposing it is the call's end, which is the sandbox's too where it is not detached.</summary>
public sealed class SandboxHold : IDisposable
{
    private readonly Action _detach;
    private readonly Action _drop;

    internal SandboxHold(CloneView clone, Task ready, Task<string> ended, Action detach, Action drop) =>
        (Clone, Ready, Ended, _detach, _drop) = (clone, ready, ended, detach, drop);

    /// <summary>As it was when it was held.</summary>
    public CloneView Clone { get; }

    /// <summary>Done when its guest has confirmed its identity: not before can it be detached. Faults where it does not get so far.</summary>
    public Task Ready { get; }

    /// <summary>Why it is not held any more. Never faults.</summary>
    public Task<string> Ended { get; }

    /// <summary>Lets it live on without the call; again changes nothing. When this returns, a daemon that is killed changes nothing of it.</summary>
    /// <exception cref="Errors.TemplatingException">IllegalState: it is not ready yet, or not held any more.</exception>
    public void Detach() => _detach();

    public void Dispose() => _drop();
}
