using System.Net.Sockets;
using Templating.Core.Linux;
using TestNetwork = Templating.Testing.Nodes.PodNetwork;

namespace Templating.ShimTests.Network;

/// <summary>A pod's namespace, and two in the places of its node's and of its guest's.</summary>
internal sealed class TestNetworks : IDisposable
{
    private TestNetworks()
    {
    }

    public TestNetwork Pod { get; private set; } = null!;

    public TestNetwork Node { get; private set; } = null!;

    public TestNetwork Guest { get; private set; } = null!;

    /// <param name="script">Fills the pod's; <c>$pod</c>, <c>$node</c> and <c>$guest</c> are their files.</param>
    public static async Task<TestNetworks> MakeAsync(string script)
    {
        var networks = new TestNetworks { Pod = await TestNetwork.MakeAsync(), Node = await TestNetwork.MakeAsync(), Guest = await TestNetwork.MakeAsync() };
        try
        {
            await networks.RunAsync(script);
            return networks;
        }
        catch
        {
            networks.Dispose();
            throw;
        }
    }

    /// <summary>In the pod's.</summary>
    public Task<string> RunAsync(string script) => Pod.RunAsync($"pod={Pod.Path} node={Node.Path} guest={Guest.Path}\n{script}");

    public static Socket Socket(TestNetwork network, AddressFamily family)
    {
        using var inside = NetworkNamespace.TryOpen(network.Path, out _).ShouldNotBeNull();
        return inside.Within(() => new Socket(family, SocketType.Stream, ProtocolType.Tcp));
    }

    public void Dispose()
    {
        Pod.Dispose();
        Node.Dispose();
        Guest.Dispose();
    }
}
