using System.CommandLine;
using Google.Protobuf.WellKnownTypes;
using Templating.Cli.Base;
using Templating.Cli.Clones;
using Templating.Cli.Parsing;
using Templating.V1;

namespace Templating.Cli.Sandboxes;

internal static class SandboxReleaseCommand
{
    public static CliCommand Create(Globals globals)
    {
        var ids = new Argument<string[]>("ID") { HelpName = "ID", Description = "The sandboxes' ids, or their clones' full names", Arity = ArgumentArity.OneOrMore };
        ids.CompletionSources.Add(new Completions(globals).Sandboxes);
        var grace = OptionKinds.Duration("--grace", "For the guest, which is asked to power off, before it is ended (default: it is not asked)");
        var command = new CliCommand(
            "release",
            "Ends sandboxes and forgets them, whoever holds them.",
            "templating sandbox release pod-1 pod-2",
            "templating sandbox release pod-1 --grace 10s")
        {
            ids, grace,
        };
        return globals.Run(command, async (context, cancellationToken) =>
        {
            var (sandboxes, deadline, patience) = (context.Client.Sandboxes, context.Deadline, (context.Get(grace) ?? TimeSpan.Zero).ToDuration());
            var names = context.Get(ids).Select(id => ObjectNames.Clone(context.Tenant, id)).Distinct(StringComparer.Ordinal).ToList();
            var results = await EndedClone.EndAsync(
                names,
                async (name, token) => (await sandboxes.ReleaseSandboxAsync(
                    new ReleaseSandboxRequest { Name = name, GracePeriod = patience }, deadline: deadline, cancellationToken: token)).Reason,
                cancellationToken);
            return EndedClone.Report(context, "released", results);
        });
    }
}
