using System.Globalization;

namespace Templating.Node.Linux;

/// <summary>Group names, from /etc/group alone: a daemon must not wait for a directory service to open its socket.</summary>
internal static class Groups
{
    /// <summary>The id of a group given by name or number; null when there is none of that name.</summary>
    public static uint? Find(string nameOrId)
    {
        if (uint.TryParse(nameOrId, NumberStyles.None, CultureInfo.InvariantCulture, out var id))
        {
            return id;
        }

        return !File.Exists("/etc/group")
            ? null
            : File.ReadLines("/etc/group")
                .Select(line => line.Split(':'))
                .Where(parts => parts.Length >= 3 && string.Equals(parts[0], nameOrId, StringComparison.Ordinal))
                .Select(parts => uint.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out var gid) ? gid : (uint?)null)
                .FirstOrDefault();
    }
}
