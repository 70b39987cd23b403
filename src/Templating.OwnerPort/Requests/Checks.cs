using System.Buffers;
using System.Net.NetworkInformation;
using System.Text;
using Templating.OwnerPort.Frames;

namespace Templating.OwnerPort.Requests;

/// <summary>What the caller gives, before a byte of it is sent: the guest would refuse it with fewer words.</summary>
internal static class Checks
{
    private const int MacBytes = 6;

    private static readonly SearchValues<char> NameCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-");

    public static ArgumentException Wrong(string message, string parameter) => new(message, parameter);

    /// <summary>Of a root or a container.</summary>
    public static string Name(string name, string parameter)
    {
        ArgumentNullException.ThrowIfNull(name, parameter);
        return name.Length is > 0 and <= PortLimits.Name && name[0] is not ('.' or '-') && !name.AsSpan().ContainsAnyExcept(NameCharacters)
            ? name
            : throw new ArgumentException(
                $"Found '{name}', expected 1 to {PortLimits.Name} of A-Z a-z 0-9 _ . - with neither . nor - first.", parameter);
    }

    public static string Text(string text, int limit, string parameter)
    {
        ArgumentNullException.ThrowIfNull(text, parameter);
        var bytes = Encoding.UTF8.GetByteCount(text);
        return bytes > 0 && bytes <= limit && !text.Contains('\0')
            ? text
            : throw new ArgumentException($"Found {bytes} bytes, expected 1 to {limit}, none of them zero.", parameter);
    }

    /// <summary>In milliseconds.</summary>
    public static uint Wait(TimeSpan wait, string parameter) => wait >= TimeSpan.Zero && wait <= PortLimits.DeviceWait
        ? (uint)wait.TotalMilliseconds
        : throw new ArgumentOutOfRangeException(parameter, wait, $"Expected 0 to {PortLimits.DeviceWait.TotalSeconds} seconds.");

    public static byte[] Mac(PhysicalAddress mac, string parameter)
    {
        ArgumentNullException.ThrowIfNull(mac, parameter);
        var bytes = mac.GetAddressBytes();
        return bytes.Length == MacBytes
            ? bytes
            : throw new ArgumentException($"Found {bytes.Length} bytes, expected the {MacBytes} of an Ethernet address.", parameter);
    }

    public static byte Count<T>(IReadOnlyCollection<T> items, int limit, string parameter)
    {
        ArgumentNullException.ThrowIfNull(items, parameter);
        return items.Count <= limit
            ? (byte)items.Count
            : throw new ArgumentException($"Found {items.Count}, at most {limit} are allowed.", parameter);
    }
}
