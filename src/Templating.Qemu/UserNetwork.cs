using System.Globalization;
using System.Net;
using Templating.Core.Machines;

namespace Templating.Qemu;

/// <summary>Reads QEMU's <c>info usernet</c>, the only place that tells the ports it chose.</summary>
internal static class UserNetwork
{
    private const int Columns = 6;

    /// <summary>
    /// Lines like <c>TCP[HOST_FORWARD]  12  127.0.0.1 40123  10.0.2.15  80  0  0</c>: protocol and state, descriptor,
    /// host address and port, guest address and port.
    /// </summary>
    public static IReadOnlyList<PortForward> ParseForwards(string text)
    {
        var forwards = new List<PortForward>();
        foreach (var line in text.Split('\n'))
        {
            var words = line.Split((char[])[' ', '\r', '\t'], StringSplitOptions.RemoveEmptyEntries);
            if (words.Length >= Columns && words[0] is "TCP[HOST_FORWARD]"
                && IPAddress.TryParse(words[2], out var address)
                && ushort.TryParse(words[3], NumberStyles.None, CultureInfo.InvariantCulture, out var host)
                && ushort.TryParse(words[5], NumberStyles.None, CultureInfo.InvariantCulture, out var guest))
            {
                forwards.Add(new PortForward(guest, host, address.ToString()));
            }
        }

        return forwards;
    }
}
