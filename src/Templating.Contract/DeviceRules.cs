namespace Templating.Contract;

/// <summary>What may be asked for of a disk or a card that is plugged into a clone.</summary>
public static class DeviceRules
{
    /// <summary>The least a disk may have, and that of which its size is a multiple.</summary>
    public const long DiskStep = 1L << 20;

    public const long MostDisk = 1L << 40;

    /// <summary>What virtio-blk can say (VIRTIO_BLK_ID_BYTES).</summary>
    public const int MostSerial = 20;

    /// <summary>Of IPv4.</summary>
    public const int LeastMtu = 68;

    /// <summary>What a tap takes.</summary>
    public const int MostMtu = 65_521;

    /// <summary>IFNAMSIZ less its end.</summary>
    public const int MostInterfaceName = 15;

    /// <summary>PATH_MAX less its end.</summary>
    public const int MostPath = 4095;

    public static IEnumerable<FieldViolation> CheckDisk(string field, long bytes, string serial)
    {
        if (bytes is < DiskStep or > MostDisk || bytes % DiskStep != 0)
        {
            yield return new FieldViolation(field + ".size_bytes", $"{bytes} is not a multiple of 1 MiB ({DiskStep}) from that to 1 TiB ({MostDisk}).");
        }

        foreach (var fault in CheckSerial(field, serial))
        {
            yield return fault;
        }
    }

    public static IEnumerable<FieldViolation> CheckSerial(string field, string serial)
    {
        if (serial.Length > MostSerial || !serial.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_'))
        {
            yield return new FieldViolation(field + ".serial", $"{Quote.Text(serial)} is not at most {MostSerial} letters, digits, '-' and '_'.");
        }
    }

    /// <summary>What is empty or 0 is left to the node.</summary>
    public static IEnumerable<FieldViolation> CheckNic(string field, string network, string tap, string mac, long mtu)
    {
        if (!network.StartsWith('/') || network.Length > MostPath || network.Contains('\0', StringComparison.Ordinal))
        {
            yield return new FieldViolation(
                field + ".network_namespace", $"{Quote.Text(network)} is not an absolute path of at most {MostPath} characters; name the file of a pod's network namespace.");
        }

        if (tap.Length > MostInterfaceName || tap is "." or ".." || !tap.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.'))
        {
            yield return new FieldViolation(field + ".tap", $"{Quote.Text(tap)} is not at most {MostInterfaceName} letters, digits, '-', '_' and '.'.");
        }

        if (mac.Length > 0 && FindMacProblem(mac) is { } problem)
        {
            yield return new FieldViolation(field + ".mac", $"{Quote.Text(mac)} is not a card's address: {problem}.");
        }

        if (mtu is not (0 or (>= LeastMtu and <= MostMtu)))
        {
            yield return new FieldViolation(field + ".mtu", $"{mtu} is not between {LeastMtu} and {MostMtu}.");
        }
    }

    private static string? FindMacProblem(string mac)
    {
        if (mac.Length != 17 || mac.Where((c, at) => at % 3 == 2 ? c != ':' : !char.IsAsciiHexDigit(c)).Any())
        {
            return "it is not six bytes in hexadecimal with colons between, such as 02:00:00:00:00:01";
        }

        return (Convert.ToByte(mac[..2], 16) & 1) != 0 ? "it is a group's, for its first byte is odd"
            : mac.All(c => c is '0' or ':') ? "it is none"
            : null;
    }
}
