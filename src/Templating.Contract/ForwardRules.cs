using System.Net;
using System.Net.Sockets;

namespace Templating.Contract;

/// <summary>Ports that lead to a guest. A guest's port may have several; a port of the host leads to one.</summary>
public static class ForwardRules
{
    public const int MaxCount = 32;

    public const int MaxPort = 65_535;

    /// <summary>Below it are the ports that a process without privileges may not take, such as a VM pod's.</summary>
    public const int LeastUnprivileged = 1024;

    /// <param name="field">Of the list.</param>
    /// <param name="forwards">All of them.</param>
    /// <param name="names">Of the fields below.</param>
    /// <param name="leastHostPort">0 where that may stand for any free port.</param>
    public static IEnumerable<FieldViolation> Check(string field, IReadOnlyList<Forward> forwards, ForwardFields names, int leastHostPort)
    {
        if (forwards.Count > MaxCount)
        {
            yield return new FieldViolation(field, $"It has {forwards.Count} entries; at most {MaxCount} are allowed.");
        }

        for (var i = 0; i < Math.Min(forwards.Count, MaxCount); i++)
        {
            var forward = forwards[i];
            if (forward.GuestPort is < 1 or > MaxPort)
            {
                yield return new FieldViolation($"{field}[{i}].{names.GuestPort}", $"{forward.GuestPort} is not a port; use 1 to {MaxPort}.");
            }

            if (forward.HostPort < leastHostPort || forward.HostPort > MaxPort)
            {
                yield return new FieldViolation($"{field}[{i}].{names.HostPort}", leastHostPort == 0
                    ? $"{forward.HostPort} is not a port; use 1 to {MaxPort}, or 0 for any free one."
                    : $"{forward.HostPort} is not allowed; give one from {leastHostPort} to {MaxPort}.");
            }
            else if (Earlier(forwards, i) is { } earlier)
            {
                yield return new FieldViolation($"{field}[{i}].{names.HostPort}", $"Port {forward.HostPort} is taken by {field}[{earlier}] already; choose another.");
            }

            if (!IsIPv4(forward.HostAddress))
            {
                yield return new FieldViolation($"{field}[{i}].{names.HostAddress}", $"{Quote.Text(forward.HostAddress)} is not an IPv4 address; use one such as '127.0.0.1'.");
            }
        }
    }

    private static int? Earlier(IReadOnlyList<Forward> forwards, int index)
    {
        var (_, port, address) = forwards[index];
        for (var i = 0; port != 0 && i < index; i++)
        {
            if (forwards[i].HostPort == port && string.Equals(forwards[i].HostAddress, address, StringComparison.Ordinal))
            {
                return i;
            }
        }

        return null;
    }

    /// <summary>Written as it reads back: inet_aton takes 0177.1 for 127.0.0.1, and what a rule reads QEMU must read.</summary>
    private static bool IsIPv4(string text) => IPAddress.TryParse(text, out var address)
        && address.AddressFamily == AddressFamily.InterNetwork && string.Equals(address.ToString(), text, StringComparison.Ordinal);
}
