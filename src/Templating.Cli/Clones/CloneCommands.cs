using Templating.Cli.Base;

namespace Templating.Cli.Clones;

internal static class CloneCommands
{
    public static CliCommand Create(Globals globals) => new(
        "clone",
        "Clones: VMs that went on from a template's frozen moment.",
        "templating clone create web --forward 8080:80",
        "templating clone exec web-1 -- uname -a")
    {
        CloneCreateCommand.Create(globals),
        CloneListCommand.Create(globals),
        CloneShowCommand.Create(globals),
        CloneExecCommand.Create(globals),
        CloneConsoleCommand.Create(globals),
        ClonePauseCommand.Create(globals),
        ClonePauseCommand.CreateResume(globals),
        CloneExtendCommand.Create(globals),
        ClonePlugCommand.Create(globals),
        ClonePlugCommand.CreateUnplug(globals),
        CloneResizeCommand.Create(globals),
        CloneStopCommand.Create(globals),
    };
}
