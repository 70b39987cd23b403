using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Templating.Core.Linux;

namespace Templating.Core.Images;

/// <summary>
/// What tells whether an image of something is there already, before it is read. A layer of an overlay never changes and its folder's
/// number is not given again, so that its root tells all; of a folder each entry is looked at; of a file the change time tells.
/// </summary>
internal static class ImageKeys
{
    public static string OfLayers(IEnumerable<(string Path, FileStamp Stamp)> layers, string builder) =>
        Of("layers", [builder, .. layers.SelectMany(l => (string[])[l.Path, Text(l.Stamp.Device), Text(l.Stamp.Inode), Text(l.Stamp.ChangedNanoseconds)])]);

    public static string OfFolder(string path, TreeScan scan, string builder) => Of("folder", [builder, path, scan.Stamp]);

    public static string OfFile(string path, FileStamp stamp) =>
        Of("file", [path, Text(stamp.Device), Text(stamp.Inode), Text(stamp.Size), Text(stamp.ModifiedNanoseconds), Text(stamp.ChangedNanoseconds)]);

    /// <summary>A NUL after each: no path has one in it, so that no two lists read alike.</summary>
    private static string Of(string kind, IEnumerable<string> parts) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Concat(parts.Prepend(kind).Select(part => part + '\0')))));

    private static string Text<T>(T number)
        where T : IFormattable => number.ToString(format: null, CultureInfo.InvariantCulture);
}
