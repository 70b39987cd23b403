using System.CommandLine;

namespace Templating.Node.Commands;

/// <summary>What every list has.</summary>
internal static class ListOptions
{
    public static Option<bool> AllTenants() => new("--all-tenants", "-A") { Description = "Of all tenants you may see" };

    public static Option<bool> Wide() => new("--wide") { Description = "More columns" };

    public static Option<bool> Watch() => new("--watch", "-w") { Description = "Go on with every change until Ctrl-C" };
}
