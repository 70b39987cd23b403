using System.Security.Cryptography;

namespace Templating.Core.Machines;

internal static class MacAddress
{
    /// <summary>A random address of QEMU's own range, 52:54:00.</summary>
    public static string New()
    {
        var tail = RandomNumberGenerator.GetBytes(3);
        return $"52:54:00:{tail[0]:x2}:{tail[1]:x2}:{tail[2]:x2}";
    }
}
