using Templating.Core.Linux;
using Templating.Shim.Errors;

namespace Templating.Shim.Network;

/// <summary>
/// Joins a pod's interface to the tap of the guest's card: each frame that comes in at one goes out at the other, before the namespace's
/// own network sees it. So the host's side answers for none of the pod's addresses, which stay where they are: CNI looks for them when it
/// takes the interface away.
/// </summary>
internal static class Redirection
{
    /// <summary>May be repeated: what is there already stays, and not one frame gets past it.</summary>
    /// <exception cref="ShimException">Either is not there, or the kernel refuses.</exception>
    public static void Connect(string namespacePath, string interfaceName, string tapName)
    {
        using var kernel = Rtnetlink.Open(namespacePath);
        var (outer, inner) = (kernel.IndexOf(interfaceName), kernel.IndexOf(tapName));
        kernel.Within(() => Quieten(kernel, tapName));
        TrafficControl.Redirect(kernel, inner, outer);
        TrafficControl.Redirect(kernel, outer, inner);
    }

    /// <summary>May be repeated; also where the tap, the interface or the namespace is gone.</summary>
    /// <exception cref="ShimException">The kernel refuses.</exception>
    public static void Disconnect(string namespacePath, string interfaceName, string tapName)
    {
        if (Rtnetlink.TryOpen(namespacePath) is not { } kernel)
        {
            return;
        }

        using (kernel)
        {
            foreach (var name in (ReadOnlySpan<string>)[interfaceName, tapName])
            {
                if (kernel.FindIndex(name) is { } index)
                {
                    TrafficControl.Restore(kernel, index);
                }
            }
        }
    }

    /// <summary>An interface that is up gets an address of IPv6 for the link, and asks for routers: the guest would hear it.</summary>
    private static bool Quieten(Rtnetlink kernel, string tapName)
    {
        var setting = $"/proc/sys/net/ipv6/conf/{tapName}/disable_ipv6";
        try
        {
            using var file = FileSystem.Open(setting, LibC.OpenWriteOnly);
            FileSystem.Write(file, "1"u8, 0, setting);
            return true;
        }
        catch (IOException e) when (e.HResult == Errno.NoEntry)
        {
            return false; // a host without IPv6
        }
        catch (IOException e)
        {
            throw kernel.Failure($"turn IPv6 off for the tap '{tapName}'", e.Message, e);
        }
    }
}
