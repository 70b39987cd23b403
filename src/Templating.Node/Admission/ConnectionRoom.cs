using Templating.Core.Linux;
using Templating.Node.Options;

namespace Templating.Node.Admission;

/// <summary>How many connections the daemon takes, so that they alone never use up its descriptors.</summary>
/// <param name="Connections">In all.</param>
/// <param name="Descriptors">Open files that are allowed.</param>
/// <param name="IsEnough">Whether VMs and connections all find room.</param>
internal sealed record ConnectionRoom(long Connections, long Descriptors, bool IsEnough)
{
    private const int Most = 4096;
    private const int Least = 64;

    /// <summary>Monitor, console, two agents, a pidfd, and what a start has open for a moment.</summary>
    private const int PerVm = 10;

    /// <summary>The runtime's own, the store's, downloads, calls to pods.</summary>
    private const int Others = 512;

    public static ConnectionRoom Of(NodeOptions options) => Of(options, DescriptorLimit.Raise());

    public static ConnectionRoom Of(NodeOptions options, long descriptors)
    {
        var room = descriptors - Others - ((long)options.MaxClones * PerVm);
        var wanted = options.MaxConnections ?? Most;
        return new ConnectionRoom(Math.Max(Math.Min(wanted, room), Least), descriptors, room >= Math.Min(wanted, Most));
    }
}
