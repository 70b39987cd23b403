using Templating.Cli.Base;

namespace Templating.Cli.Templates;

internal static class TemplateCommands
{
    public static CliCommand Create(Globals globals) => new(
        "template",
        "Templates: frozen VMs from which clones start in milliseconds.",
        "templating template create web -f web.yaml",
        "templating template list")
    {
        TemplateCreateCommand.Create(globals),
        TemplateListCommand.Create(globals),
        TemplateShowCommand.Create(globals),
        TemplateVerifyCommand.Create(globals),
        TemplateDeleteCommand.Create(globals),
    };
}
