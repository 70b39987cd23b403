using System.CommandLine;
using Templating.Cli.Base;
using Templating.Cli.Exits;
using Templating.Cli.Output;
using Templating.Cli.Parsing;
using Templating.Cli.Templates;
using Templating.Contract;
using Templating.Terminal.Tables;

namespace Templating.Cli.Top;

internal static class TopCommand
{
    private static readonly TimeSpan UsualInterval = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LeastInterval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan MostInterval = TimeSpan.FromHours(1);

    public static CliCommand Create(Globals globals)
    {
        var template = OptionKinds.Text("--template", "NAME", "Only clones of this template, or of one revision: NAME@REVISION");
        template.CompletionSources.Add(new Completions(globals).Templates);
        var all = new Option<bool>("--all-tenants", "-A") { Description = "Of all tenants you may see" };
        var order = OptionKinds.Choice<TopOrder>("--sort", "Who comes first: the most private memory, CPU or guest RAM of its own, the youngest, or by name");
        var interval = OptionKinds.Duration("--interval", "Between two looks, 100ms to 1h; CPU is of the time between them (default 2s)");
        var once = OptionKinds.Flag("--once", "Prints one look and ends; as where the output is no terminal");
        var command = new CliCommand(
            "top",
            "Shows what running clones take of memory and CPU, live.",
            "templating top",
            "templating top --sort cpu --template web",
            "templating top --once -o json")
        {
            template, all, order, interval, once,
        };
        return globals.Run(command, async (context, cancellationToken) =>
        {
            var wait = context.Get(interval) ?? UsualInterval;
            if (wait < LeastInterval || wait > MostInterval)
            {
                throw new CliException(ExitCode.Usage, $"--interval: {DurationText.Format(wait)} is not allowed; give 100ms to 1h.");
            }

            var name = context.Get(template) is { } text ? await RevisionNames.ResolveAsync(context, text, cancellationToken) : "";
            var looks = new TopLooks(context, context.Get(all) ? ObjectNames.AllTenants : ObjectNames.Parent(context.Tenant), name, context.Get(order));
            await looks.LookAsync(cancellationToken);
            if (context.Get(once) || !context.Host.OutputIsTerminal || context.Format != OutputFormat.Table)
            {
                await Task.Delay(wait, context.Host.Clock, cancellationToken);
                var (node, rows) = await looks.LookAsync(cancellationToken);
                if (context.Format == OutputFormat.Table)
                {
                    context.Write(TopText.Head(node, rows));
                }

                context.Print(TopText.Columns(context.Host.Clock, context.Get(all)), rows, () => TopText.Tree(node, rows), row => row.Vm.Name);
                return ExitCode.Ok;
            }

            using var screen = new Screen(context.Host);
            while (true)
            {
                await Task.Delay(wait, context.Host.Clock, cancellationToken);
                var (node, rows) = await looks.LookAsync(cancellationToken);
                screen.Show(TopText.Head(node, rows) + TableText.Render(
                    TopText.Columns(context.Host.Clock, context.Get(all)), rows, terminal: true, context.Host.Environment, room: context.Wide ? null : context.Host.OutputWidth()));
            }
        });
    }
}
