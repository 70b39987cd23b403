using System.Globalization;
using Templating.Core.Errors;
using Templating.Core.Linux;
using Templating.Core.Machines;
using Templating.Qemu.Base;

namespace Templating.Qemu.Process;

/// <summary>
/// Gives up what QEMU does not need before it starts, by setpriv(1): 1 ms more than starting QEMU itself, and the
/// daemon's threads never run as another user.
/// </summary>
internal sealed class Privileges(bool endWithProcess)
{
    /// <summary>Of util-linux, which Debian calls essential.</summary>
    private const string SetprivPath = "/usr/bin/setpriv";

    /// <summary>The words to put before a program that is to end with this process, even where that is killed.</summary>
    public static IReadOnlyList<string> EndingWithParent { get; } = [SetprivPath, "--pdeathsig", "KILL", "--"];

    private readonly bool _root = LibC.EffectiveUser() == 0;
    private readonly bool _canDropBounding = Capabilities.Has(Capabilities.SetPcap);

    /// <summary>The words to put before a program and its arguments.</summary>
    /// <param name="group">A group the program needs beside its own (that of /dev/kvm), or null.</param>
    public IReadOnlyList<string> Prefix(VmUser? user, uint? group)
    {
        var words = new List<string> { SetprivPath };
        if (user is not null)
        {
            if (!_root)
            {
                throw new TemplatingException(ErrorCode.InvalidArgument,
                    $"VMs are to run as user {user.Uid}, but the daemon is not root and cannot change to it. "
                    + "Run it as root, or set no range of user ids.");
            }

            words.AddRange(["--reuid", Number(user.Uid), "--regid", Number(user.Gid)]);
            words.AddRange(group is { } extra ? ["--groups", Number(extra)] : ["--clear-groups"]);
        }

        if (_canDropBounding)
        {
            words.Add("--bounding-set=-all");
        }

        if (endWithProcess)
        {
            words.AddRange(["--pdeathsig", "KILL"]);
        }

        words.AddRange(["--no-new-privs", "--inh-caps=-all", "--"]);
        return words;
    }

    private static string Number(uint value) => value.ToString(CultureInfo.InvariantCulture);
}
