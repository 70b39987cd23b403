using System.CommandLine;
using Google.Protobuf.WellKnownTypes;
using Templating.Api.Client;
using Templating.Cli.Base;
using Templating.Cli.Exits;
using Templating.Cli.Parsing;
using Templating.V1;

namespace Templating.Cli.Clones;

internal static class CloneStopCommand
{
    // As docker stop has it. (In a cluster a guest has 30 s, as pods do there.)
    private static readonly TimeSpan DefaultGrace = TimeSpan.FromSeconds(10);

    public static CliCommand Create(Globals globals)
    {
        var ids = new Argument<string[]>("ID") { HelpName = "ID", Description = "The clones' ids, or their full names", Arity = ArgumentArity.ZeroOrMore };
        ids.CompletionSources.Add(new Completions(globals).Clones);
        var grace = OptionKinds.Duration("--grace", "For the guest, which is asked to power off, before it is ended (default 10s; 0s: not asked)");
        var now = new Option<bool>("--now", "--force") { Description = "End it at once, without asking the guest; what it had not written is lost" };
        var all = OptionKinds.Flag("--all", "Every clone of the tenant");
        var command = new CliCommand(
            "stop",
            "Stops clones and forgets them: asks the guest to power off, and ends it after 10 s.",
            "templating clone stop web-1 web-2",
            "templating clone stop web-1 --grace 30s",
            "templating clone stop --all --now")
        {
            ids, grace, now, all,
        };
        command.Aliases.Add("delete");
        command.Aliases.Add("rm");
        return globals.Run(command, async (context, cancellationToken) =>
        {
            if (context.Get(all) == (context.Get(ids).Length > 0))
            {
                throw new CliException(ExitCode.Usage, "Give the ids of clones, or --all and no id.");
            }

            if (context.Get(now) && context.Get(grace) is not null)
            {
                throw new CliException(ExitCode.Usage, "--now does not wait, --grace says how long to; leave one of them out.");
            }

            var patience = context.Get(now) ? TimeSpan.Zero : context.Get(grace) ?? DefaultGrace;
            var names = context.Get(all)
                ? await ListAsync(context, cancellationToken)
                : [.. context.Get(ids).Select(id => ObjectNames.Clone(context.Tenant, id)).Distinct(StringComparer.Ordinal)];
            // Made here, once: those that end side by side share them.
            var (clones, deadline) = (context.Client.Clones, context.Deadline);
            var results = await EndedClone.EndAsync(
                names,
                async (name, token) => (await clones.DeleteCloneAsync(
                    new DeleteCloneRequest { Name = name, GracePeriod = patience.ToDuration() }, deadline: deadline, cancellationToken: token)).Reason,
                cancellationToken);
            var code = EndedClone.Report(context, "stopped", results);
            if (results.Count == 0)
            {
                context.Note($"No clones in {ObjectNames.Parent(context.Tenant)}.");
            }

            return code;
        });
    }

    private static async Task<List<string>> ListAsync(CliContext context, CancellationToken cancellationToken)
    {
        var names = new List<string>();
        var request = new ListClonesRequest { Parent = ObjectNames.Parent(context.Tenant) };
        await foreach (var clone in context.Client.Clones.ListAllAsync(request, context.Deadline, cancellationToken))
        {
            names.Add(clone.Name);
        }

        return names;
    }
}
