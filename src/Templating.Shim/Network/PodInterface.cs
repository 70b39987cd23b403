using System.Globalization;
using System.Net.NetworkInformation;
using Templating.OwnerPort.Requests;

namespace Templating.Shim.Network;

/// <summary>An interface that CNI made for the pod, and which a card of the guest stands in for.</summary>
internal sealed record PodInterface
{
    private const string TapPrefix = "tmpl";

    /// <summary>In the namespace, by the kernel's count.</summary>
    public required int Index { get; init; }

    /// <summary>The guest's card has the same.</summary>
    public required string Name { get; init; }

    /// <summary>The guest's card has the same: what switches and neighbours learnt stays true.</summary>
    public required PhysicalAddress Mac { get; init; }

    /// <summary>Of the card and its tap.</summary>
    public required int Mtu { get; init; }

    /// <summary>The least that a route asks for; the card's own otherwise.</summary>
    public required int RouteMtu { get; init; }

    public IReadOnlyList<PodAddress> Addresses { get; init; } = [];

    public IReadOnlyList<PodRoute> Routes { get; init; } = [];

    public IReadOnlyList<PodNeighbour> Neighbours { get; init; } = [];

    /// <summary>The name that the tap to be plugged is given. One of such a name is no interface of the pod's.</summary>
    public string TapName => TapOf(Index);

    /// <summary>What the guest's card of <see cref="Mac"/> is told.</summary>
    public NetworkSetup ToSetup() => new()
    {
        Card = Mac,
        Name = Name,
        Mtu = RouteMtu,
        Addresses = Addresses,
        Routes = Routes,
        Neighbours = Neighbours,
    };

    public static bool IsTap(string name) =>
        name.StartsWith(TapPrefix, StringComparison.Ordinal) && int.TryParse(name.AsSpan(TapPrefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out _);

    private static string TapOf(int index) => string.Create(CultureInfo.InvariantCulture, $"{TapPrefix}{index}");
}
