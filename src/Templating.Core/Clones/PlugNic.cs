using Templating.Core.Machines;

namespace Templating.Core.Clones;

/// <summary>A network card for a clone that runs, whose other end is a tap in a network namespace of the host.</summary>
/// <param name="NetworkNamespace">The namespace's file. Who may name one, may reach whatever is in there: the caller sees to that.</param>
/// <param name="Tap">The tap's name; one that is there is taken. Null for a new one.</param>
/// <param name="Card">What the guest sees.</param>
public sealed record PlugNic(string NetworkNamespace, string? Tap, NicSpec Card);
