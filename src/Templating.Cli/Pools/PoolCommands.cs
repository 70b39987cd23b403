using Templating.Cli.Base;

namespace Templating.Cli.Pools;

internal static class PoolCommands
{
    public static CliCommand Create(Globals globals) => new(
        "pool",
        "Pools: VMs of a template that wait for clones to take them.",
        "templating pool set web --restored 2",
        "templating pool list")
    {
        PoolSetCommand.Create(globals),
        PoolListCommand.Create(globals),
        PoolShowCommand.Create(globals),
        PoolDeleteCommand.Create(globals),
    };
}
