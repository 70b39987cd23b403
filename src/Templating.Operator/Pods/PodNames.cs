using System.Security.Cryptography;
using System.Text;

namespace Templating.Operator.Pods;

/// <summary>Names and ids that follow from an object, so that asking twice makes one thing.</summary>
internal static class PodNames
{
    /// <summary>A pod's name is its host name too: a label.</summary>
    private const int MaxLabel = 63;

    public const int SuffixLength = 5;

    /// <summary>For the n-th VM of a VMClone.</summary>
    public static string ForClone(string clone, string uid, int restart) =>
        WithSuffix(clone, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{uid}/{restart}")))[..SuffixLength]);

    /// <summary>The server appends five characters.</summary>
    public static string PrefixForPool(string pool) => WithSuffix(pool, "");

    /// <summary>The clone's id in its node and its guest: its name where that is a label, else made from it.</summary>
    public static string CloneId(string clone, string uid) => clone.Length <= MaxLabel && !clone.Contains('.', StringComparison.Ordinal)
        ? clone
        : WithSuffix(clone, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(uid)))[..SuffixLength]);

    /// <summary>
    /// Of the n-th VM's activation, a UUID. A retry has the same, so that a VM is activated once; the first has the
    /// VMClone's uid, so that it is found in the node's logs.
    /// </summary>
    public static string RequestId(string uid, int restart)
    {
        if (restart == 0)
        {
            return uid;
        }

        // RFC 9562, version 8: 122 bits of one's own choice.
        var bytes = SHA256.HashData(Encoding.UTF8.GetBytes($"templating.dev/activation/{uid}/{restart}"))[..16];
        bytes[6] = (byte)((bytes[6] & 0x0F) | 0x80);
        bytes[8] = (byte)((bytes[8] & 0x3F) | 0x80);
        return new Guid(bytes, bigEndian: true).ToString();
    }

    private static string WithSuffix(string name, string suffix)
    {
        var label = name.Replace('.', '-');
        return $"{label[..Math.Min(label.Length, MaxLabel - SuffixLength - 1)].TrimEnd('-')}-{suffix}";
    }
}
