using Templating.Cli.Base;

namespace Templating.Cli.Sandboxes;

internal static class SandboxCommands
{
    public static CliCommand Create(Globals globals) => new(
        "sandbox",
        "Sandboxes: clones that live no longer than the process that owns them.",
        "templating sandbox hold box --id pod-1",
        "templating sandbox list")
    {
        SandboxHoldCommand.Create(globals),
        SandboxListCommand.Create(globals),
        SandboxShowCommand.Create(globals),
        SandboxReleaseCommand.Create(globals),
    };
}
