using System.Globalization;
using System.Net;
using Templating.V1;

namespace Templating.Cli.Parsing;

/// <summary>
/// <c>80</c> (any free host port), <c>8080:80</c> or <c>127.0.0.1:8080:80</c>: the order docker has, host first.
/// An IPv6 address stands in brackets.
/// </summary>
internal static class PortForwardText
{
    public const string Allowed = "GUEST, HOST:GUEST or ADDRESS:HOST:GUEST with ports from 1 to 65535 (HOST may be 0 for any free one), such as 8080:80";

    public static bool TryParse(string text, out PortForward forward)
    {
        forward = new PortForward();
        var guestAt = text.LastIndexOf(':');
        if (!TryPort(text[(guestAt + 1)..], 1, out var guest))
        {
            return false;
        }

        forward.GuestPort = guest;
        if (guestAt < 0)
        {
            return true;
        }

        var left = text[..guestAt];
        var hostAt = left.LastIndexOf(':');
        if (!TryPort(left[(hostAt + 1)..], 0, out var host))
        {
            return false;
        }

        forward.HostPort = host;
        if (hostAt < 0)
        {
            return true;
        }

        var address = left[..hostAt];
        var bracketed = address.StartsWith('[') && address.EndsWith(']');
        if (!IPAddress.TryParse(bracketed ? address[1..^1] : address, out var parsed)
            || bracketed != (parsed.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6))
        {
            return false;
        }

        forward.HostAddress = parsed.ToString();
        return true;
    }

    private static bool TryPort(string text, int least, out int port) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port) && port >= least && port <= 65535;
}
