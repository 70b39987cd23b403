using System.Globalization;

namespace Templating.Core.Clones;

/// <summary>A block device of the host. Who may name one may reach whatever is on it: the caller sees to that.</summary>
/// <param name="Major">As Linux numbers it.</param>
/// <param name="Minor">As Linux numbers it.</param>
/// <param name="ReadOnly">Whether the guest may only read.</param>
public sealed record NodeDevice(uint Major, uint Minor, bool ReadOnly)
{
    /// <summary>As the kernel writes them: 8:16.</summary>
    public string Numbers => string.Create(CultureInfo.InvariantCulture, $"{Major}:{Minor}");
}
