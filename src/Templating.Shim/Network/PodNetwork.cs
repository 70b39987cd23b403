using Templating.Shim.Errors;

namespace Templating.Shim.Network;

/// <summary>What CNI put into a pod's network namespace, as far as a guest is to have it.</summary>
/// <param name="Interfaces">In the order of their index; neither <c>lo</c> nor those that are down.</param>
/// <param name="Warnings">What the guest does without, though nobody is likely to miss it.</param>
internal sealed record PodNetwork(IReadOnlyList<PodInterface> Interfaces, IReadOnlyList<string> Warnings)
{
    /// <exception cref="ShimException">It is no pod's network namespace; or there is what a guest cannot be given, all of it by name.</exception>
    public static PodNetwork Read(string namespacePath)
    {
        using var kernel = Rtnetlink.Open(namespacePath);
        return PodNetworkReader.Read(NetworkEntries.Read(kernel));
    }
}
