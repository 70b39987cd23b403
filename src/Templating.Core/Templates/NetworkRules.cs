using Templating.Contract;
using Templating.Core.Machines;

namespace Templating.Core.Templates;

/// <summary>Ports of templates, clones and pods.</summary>
internal static class NetworkRules
{
    /// <param name="field">Of the list in the wire API.</param>
    /// <param name="forwards">All of them.</param>
    /// <param name="leastHostPort">0 where that may stand for any free port.</param>
    public static IEnumerable<FieldViolation> Check(string field, IReadOnlyList<PortForward> forwards, int leastHostPort = 0)
    {
        // A manifest's JSON can say null where a request cannot.
        var missing = forwards.Index().Where(f => f.Item is null).Select(f => new FieldViolation($"{field}[{f.Index}]", "It is null; name a guest port.")).ToList();
        return missing.Count > 0 ? missing : ForwardRules.Check(
            field, [.. forwards.Select(f => new Forward(f.GuestPort, f.HostPort, f.HostAddress))], ForwardFields.Wire, leastHostPort);
    }
}
