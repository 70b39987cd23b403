using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using Templating.Core.Clones;
using Templating.Core.Errors;
using Templating.Core.Machines;
using Templating.Core.Vms;

namespace Templating.Core.Sandboxes;

/// <inheritdoc />
public sealed class SandboxManager(IOwnedClones clones, IProcesses processes, ILogger<SandboxManager> logger) : ISandboxManager
{
    private readonly Lock _lock = new();
    private readonly Dictionary<CloneName, Sandbox> _sandboxes = [];

    /// <summary>
    /// Takes over those that the daemon before this one left, once, before the first request. Whose owner is gone, or whose call broke off
    /// with the daemon, is ended; nobody waits for that but who wants its id. One whose VM has ended is kept
    /// only for an owner that can still ask for it.
    /// </summary>
    public void Recover()
    {
        foreach (var (clone, digest) in clones.ListOwned())
        {
            var owner = clone.Owner!;
            var process = processes.Watch(owner.Process.Pid);
            if (process?.Id != owner.Process)
            {
                process?.Dispose();
                process = null;
            }

            var ownership = Ownership.Recover(owner.Process, digest, owner.Detached, process is not null);
            var hasEnded = VmTransitions.IsEnd(clone.State);
            if (hasEnded && ownership.Over is null)
            {
                process?.Dispose();
                continue;
            }

            var sandbox = new Sandbox(clone.Name, ownership, process);
            lock (_lock)
            {
                _sandboxes.Add(clone.Name, sandbox);
            }

            sandbox.Started.SetResult(clone);
            if (ownership.Over is not null)
            {
                Break(sandbox);
            }

            Follow(sandbox, hasEnded ? RemoveAsync(sandbox, clone) : FollowAsync(sandbox, clone));
        }
    }

    public async Task<SandboxHold> AcquireAsync(AcquireSandbox request, CancellationToken cancellationToken)
    {
        var name = new CloneName(request.Start.Template.Tenant, request.Start.Id!);
        var digest = CloneNaming.Digest(request.Start);
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var (sandbox, claim) = Claim(name, request, digest);
            if (claim is { } held)
            {
                return await HoldAsync(sandbox, held.Hold, held.Ended, request.Start.ReturnWhenRunning, cancellationToken);
            }

            // What is left of it goes first, and then the id is free.
            await sandbox.Gone.Task.WaitAsync(cancellationToken);
        }
    }

    public async Task<VmEnd> ReleaseAsync(CloneName name, TimeSpan grace, CancellationToken cancellationToken)
    {
        Sandbox? sandbox;
        lock (_lock)
        {
            sandbox = _sandboxes.GetValueOrDefault(name);
        }

        if (sandbox is null)
        {
            // Of one that ended by itself there is still what is told of it.
            var left = clones.Get(name) is { Owner: not null } view ? view : throw SandboxRefusals.NoSandbox(name);
            return await Known(clones.RemoveAsync(left, grace, "it was released").WaitAsync(cancellationToken));
        }

        sandbox.Grace = grace;
        End(sandbox, "it was released");
        return new VmEnd(VmState.Stopped, InOrder: false, await sandbox.Gone.Task.WaitAsync(cancellationToken));

        static async Task<VmEnd> Known(Task<VmEnd?> removal) =>
            await removal ?? throw new TemplatingException(ErrorCode.ShuttingDown, "The node stops; the next daemon has it.");
    }

    public SandboxView Get(CloneName name) => clones.Get(name) is { Owner: not null } clone ? Describe(clone) : throw SandboxRefusals.NoSandbox(name);

    public SandboxView Describe(CloneView clone)
    {
        var outfit = clones.OutfitOf(clone);
        return new SandboxView
        {
            Vm = clone,
            OwnerPort = outfit?.OwnerPort,
            Room = outfit?.Machine is { } machine ? SandboxRoom.Of(clone, machine) : null,
        };
    }

    /// <summary>Makes the sandbox, or gives the one that is there to this call; without a hold where that one is over.</summary>
    private (Sandbox Sandbox, (long Hold, Task<string> Ended)? Held) Claim(CloneName name, AcquireSandbox request, string digest)
    {
        var process = processes.Watch(request.OwnerPid) ?? throw SandboxRefusals.OwnerGone(request.OwnerPid);
        Sandbox? made = null;
        try
        {
            if (!request.By.MayName(request.OwnerPid, process.User))
            {
                throw SandboxRefusals.NotYours(request.OwnerPid);
            }

            lock (_lock)
            {
                if (!_sandboxes.TryGetValue(name, out var sandbox))
                {
                    _sandboxes[name] = sandbox = made = new Sandbox(name, new Ownership(process.Id, digest), process);
                }

                switch (sandbox.Ownership.Take(process.Id, digest, out var hold))
                {
                    case Sandboxes.Claim.Held:
                        return (sandbox, (hold, sandbox.Displace()));
                    case Sandboxes.Claim.Over:
                        return (sandbox, null);
                    case Sandboxes.Claim.Owned:
                        throw SandboxRefusals.Owned(name);
                    default:
                        throw SandboxRefusals.OtherRequest(name);
                }
            }
        }
        finally
        {
            if (made is null)
            {
                process.Dispose();
            }
            else
            {
                Follow(made, RunAsync(made, request.Start with { Owner = new CloneOwner(process.Id, Detached: false) }));
            }
        }
    }

    private async Task<SandboxHold> HoldAsync(
        Sandbox sandbox, long hold, Task<string> ended, bool whenRunning, CancellationToken cancellationToken)
    {
        try
        {
            var clone = await sandbox.Started.Task.WaitAsync(cancellationToken);
            var ready = clones.ReadyAsync(clone);
            // Also where nobody waits for it any more.
            _ = ready.ContinueWith(task => task.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
            if (!whenRunning)
            {
                clone = await ready.WaitAsync(cancellationToken);
            }

            logger.Held(sandbox.Name, clone.Owner!.Process.Pid);
            return new SandboxHold(clone, ready, ended, () => Detach(sandbox, clone, hold), () => Drop(sandbox, hold));
        }
        catch
        {
            Drop(sandbox, hold);
            throw;
        }
    }

    private void Detach(Sandbox sandbox, CloneView clone, long hold)
    {
        // Written within the lock: what is written and what is known are never of two calls.
        lock (_lock)
        {
            if (!sandbox.Ownership.IsHeldBy(hold))
            {
                throw SandboxRefusals.NotHeld(sandbox.Name, sandbox.Ownership.Over ?? "another call of its owner holds it");
            }

            if (!sandbox.Ownership.IsDetached)
            {
                clones.Detach(clone);
                sandbox.Ownership.TryDetach(hold);
            }
        }

        logger.Detached(sandbox.Name, clone.Owner!.Process.Pid);
    }

    private void Drop(Sandbox sandbox, long hold)
    {
        bool over;
        lock (_lock)
        {
            over = sandbox.Ownership.Drop(hold);
        }

        if (over)
        {
            Break(sandbox);
        }
    }

    private void End(Sandbox sandbox, string why)
    {
        bool over;
        lock (_lock)
        {
            over = sandbox.Ownership.End(why);
        }

        if (over)
        {
            Break(sandbox);
        }
    }

    private void Break(Sandbox sandbox)
    {
        logger.Ends(sandbox.Name, sandbox.Ownership.Over!);
        sandbox.Break();
    }

    /// <summary>Begins what ends with the sandbox, and what looks after its owner.</summary>
    private void Follow(Sandbox sandbox, Task<string> life)
    {
        _ = FinishAsync();
        _ = WatchOwnerAsync();

        async Task FinishAsync()
        {
            var reason = await life;
            lock (_lock)
            {
                sandbox.Ownership.End(reason);
                _sandboxes.Remove(sandbox.Name);
            }

            sandbox.Gone.SetResult(reason);
        }

        async Task WatchOwnerAsync()
        {
            if (sandbox.Process is { } process && await Task.WhenAny(process.Ended, sandbox.Gone.Task) == process.Ended)
            {
                End(sandbox, Ownership.OwnerEnded(process.Id));
            }

            await sandbox.Gone.Task;
            sandbox.Dispose();
        }
    }

    /// <summary>From its start to its end. Never faults.</summary>
    [SuppressMessage("Design", "CA1031", Justification = "Whoever waits for the start is told of it.")]
    private async Task<string> RunAsync(Sandbox sandbox, CreateClone request)
    {
        try
        {
            var clone = await clones.CreateAsync(request, sandbox.Over);
            sandbox.Started.SetResult(clone);
            return await FollowAsync(sandbox, clone);
        }
        catch (Exception e)
        {
            var over = sandbox.Ownership.Over;
            sandbox.Started.TrySetException(e is OperationCanceledException && over is not null ? SandboxRefusals.NotHeld(sandbox.Name, over) : e);
            // Also where nobody waits for it any more.
            _ = sandbox.Started.Task.Exception;
            return over ?? e.Message;
        }
    }

    private async Task<string> FollowAsync(Sandbox sandbox, CloneView clone)
    {
        var end = clones.WaitAsync(clone);
        await ((Task)end).WaitAsync(sandbox.Over).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (end.IsCompleted)
        {
            return (await end)?.Reason ?? "the node stops";
        }

        return await RemoveAsync(sandbox, clone);
    }

    private async Task<string> RemoveAsync(Sandbox sandbox, CloneView clone)
    {
        var why = sandbox.Ownership.Over!;
        await clones.RemoveAsync(clone, sandbox.Grace, why);
        return why;
    }
}
