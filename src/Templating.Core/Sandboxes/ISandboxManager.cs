using Templating.Core.Clones;
using Templating.Core.Vms;

namespace Templating.Core.Sandboxes;

/// <summary>Clones with owners. Authorisation is the caller's, but for whom a caller may name as an owner.</summary>
public interface ISandboxManager
{
    /// <summary>
    /// Starts a sandbox and waits as its request says, or finds the one of the same id, request and owner, and holds it for the caller until what is returned is
    /// disposed. Cancelling the call is as disposing.
    /// </summary>
    Task<SandboxHold> AcquireAsync(AcquireSandbox request, CancellationToken cancellationToken);

    /// <exception cref="Errors.TemplatingException">CloneNotFound: nobody owns it, or it is not there.</exception>
    SandboxView Get(CloneName name);

    /// <summary>What its owner needs of a clone that has one.</summary>
    SandboxView Describe(CloneView clone);

    /// <summary>Ends and forgets it, whoever holds it. A clone that nobody owns is CloneNotFound.</summary>
    Task<VmEnd> ReleaseAsync(CloneName name, TimeSpan grace, CancellationToken cancellationToken);
}

public sealed record AcquireSandbox
{
    /// <summary>With an id; its owner is set by who acquires.</summary>
    public required CreateClone Start { get; init; }

    public required int OwnerPid { get; init; }

    public required Claimant By { get; init; }
}

/// <summary>Who names a process as an owner: none that it could not send a signal.</summary>
/// <param name="Pid">Its process id.</param>
/// <param name="Uid">Its user.</param>
public readonly record struct Claimant(int Pid, uint Uid)
{
    public bool MayName(int pid, uint? user) => Uid == 0 || Uid == user || Pid == pid;
}
