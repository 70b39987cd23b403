namespace Templating.Shim.Network;

/// <summary>All that the kernel was asked of one namespace.</summary>
internal sealed record NetworkEntries
{
    public IReadOnlyList<LinkEntry> Links { get; init; } = [];

    public IReadOnlyList<AddressEntry> Addresses { get; init; } = [];

    public IReadOnlyList<RouteEntry> Routes { get; init; } = [];

    public IReadOnlyList<NeighbourEntry> Neighbours { get; init; } = [];

    public IReadOnlyList<RuleEntry> Rules { get; init; } = [];

    public static NetworkEntries Read(Rtnetlink kernel) => new()
    {
        Links = LinkEntry.List(kernel),
        Addresses = [.. AddressEntry.List(kernel, Inet.V4), .. AddressEntry.List(kernel, Inet.V6)],
        Routes = [.. RouteEntry.List(kernel, Inet.V4), .. RouteEntry.List(kernel, Inet.V6)],
        Neighbours = [.. NeighbourEntry.List(kernel, Inet.V4), .. NeighbourEntry.List(kernel, Inet.V6)],
        Rules = [.. RuleEntry.List(kernel, Inet.V4), .. RuleEntry.List(kernel, Inet.V6)],
    };
}
