using System.Globalization;

namespace Templating.Qemu.Base;

/// <summary>This process's effective capabilities (capabilities(7)).</summary>
internal static class Capabilities
{
    public const int SetPcap = 8;
    public const int SysChroot = 18;
    public const int SysAdmin = 21;
    public const int SysResource = 24;

    public static bool Has(int capability)
    {
        const string Label = "CapEff:";
        var line = File.ReadLines("/proc/self/status").FirstOrDefault(l => l.StartsWith(Label, StringComparison.Ordinal));
        return line is not null
            && ulong.TryParse(line.AsSpan(Label.Length).Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var set)
            && (set & (1UL << capability)) != 0;
    }
}
