using System.Globalization;
using Templating.Core.Errors;
using Templating.Core.Linux;
using Templating.Core.Machines;
using Templating.Qemu.Base;

namespace Templating.Qemu.Process;

/// <summary>
/// Gives up what QEMU does not need before it starts. Where a VM has a thread of its own to start it, that does so by the kernel's calls, and
/// ends; no other thread of the daemon ever runs as another user. Where it is to end with this process, setpriv(1) does, 1 ms more than starting
/// QEMU itself: the wish for a signal at the parent's death is not inherited (PR_SET_PDEATHSIG), so something must express it in the child.
/// </summary>
internal sealed class Privileges(bool endWithProcess)
{
    /// <summary>Of util-linux, which Debian calls essential.</summary>
    private const string SetprivPath = "/usr/bin/setpriv";

    /// <summary>The words to put before a program that is to end with this process, even where that is killed.</summary>
    public static IReadOnlyList<string> EndingWithParent { get; } = [SetprivPath, "--pdeathsig", "KILL", "--"];

    private readonly bool _root = LibC.EffectiveUser() == 0;
    private readonly bool _canDropBounding = Capabilities.Has(Capabilities.SetPcap);

    /// <summary>The words to put before a program and its arguments; none where <see cref="GiveUp"/> does it.</summary>
    /// <param name="user">Whom it is to run as; null for the daemon's own.</param>
    /// <param name="group">A group the program needs beside its own (that of /dev/kvm), or null.</param>
    public IReadOnlyList<string> Prefix(VmUser? user, uint? group)
    {
        RequireRight(user);
        if (!endWithProcess)
        {
            return [];
        }

        var words = new List<string> { SetprivPath };
        if (user is not null)
        {
            words.AddRange(["--reuid", Number(user.Uid), "--regid", Number(user.Gid)]);
            words.AddRange(group is { } extra ? ["--groups", Number(extra)] : ["--clear-groups"]);
        }

        if (_canDropBounding)
        {
            words.Add("--bounding-set=-all");
        }

        words.AddRange(["--pdeathsig", "KILL", "--no-new-privs", "--inh-caps=-all", "--"]);
        return words;
    }

    /// <summary>The same for the calling thread and what it starts from then on. There is no way back.</summary>
    public void GiveUp(VmUser? user, uint? group)
    {
        RequireRight(user);
        if (_canDropBounding)
        {
            Check(CredentialCalls.EmptyBoundingSet(), "empty the bounding set");
        }

        if (user is not null)
        {
            Check(CredentialCalls.KeepThroughUser(), "keep the way to QEMU");
            Check(CredentialCalls.SetGroups(group is { } extra ? [extra] : []), "set its groups");
            Check(CredentialCalls.SetGroup(user.Gid), "set its group");
            Check(CredentialCalls.SetUser(user.Uid), "set its user");
        }

        Check(CredentialCalls.KeepForExecution(), "clear the inheritable capabilities");
        Check(CredentialCalls.ForbidNewPrivileges(), "forbid new privileges");
    }

    private void RequireRight(VmUser? user)
    {
        if (user is not null && !_root)
        {
            throw new TemplatingException(ErrorCode.InvalidArgument,
                $"VMs are to run as user {user.Uid}, but the daemon is not root and cannot change to it. "
                + "Run it as root, or set no range of user ids.");
        }
    }

    private static void Check(int result, string what)
    {
        if (result < 0)
        {
            throw NativeError.Last($"The VM's privileges cannot be given up; cannot {what}");
        }
    }

    private static string Number(uint value) => value.ToString(CultureInfo.InvariantCulture);
}
