using System.Collections.Concurrent;
using System.CommandLine;
using System.Text.Json.Nodes;
using Google.Protobuf.WellKnownTypes;
using Templating.Api.Client;
using Templating.Cli.Base;
using Templating.Cli.Exits;
using Templating.Cli.Parsing;
using Templating.Terminal.Tables;
using Templating.V1;

namespace Templating.Cli.Clones;

internal static class CloneStopCommand
{
    // One connection carries 100 calls; killing a QEMU is quick, and a grace period waits beside the others.
    private const int AtOnce = 32;

    // As docker stop has it. (In a cluster a guest has 30 s, as pods do there.)
    private static readonly TimeSpan DefaultGrace = TimeSpan.FromSeconds(10);

    private sealed record Stopped(int Index, string Name, string Reason, TemplatingClientException? Failure);

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
            return Report(context, await StopAsync(context, names, patience, cancellationToken));
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

    private static async Task<List<Stopped>> StopAsync(
        CliContext context, IReadOnlyList<string> names, TimeSpan grace, CancellationToken cancellationToken)
    {
        var results = new ConcurrentBag<Stopped>();
        // Made here, once: the tasks below share them.
        var clones = context.Client.Clones;
        var deadline = context.Deadline;
        var options = new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(names.Index(), options, async (item, token) =>
        {
            try
            {
                var request = new DeleteCloneRequest { Name = item.Item, GracePeriod = grace.ToDuration() };
                var response = await clones.DeleteCloneAsync(request, deadline: deadline, cancellationToken: token);
                results.Add(new Stopped(item.Index, item.Item, response.Reason, null));
            }
            catch (TemplatingClientException e)
            {
                results.Add(new Stopped(item.Index, item.Item, "", e));
            }
        });
        return [.. results.OrderBy(r => r.Index)];
    }

    private static int Report(CliContext context, List<Stopped> results)
    {
        var stopped = results.Where(r => r.Failure is null).ToList();
        context.Print(
            [new Column<Stopped>("STOPPED", s => s.Name), new Column<Stopped>("REASON", s => s.Reason)],
            stopped,
            () => new JsonObject
            {
                ["stopped"] = new JsonArray([.. stopped.Select(s => (JsonNode)new JsonObject { ["name"] = s.Name, ["reason"] = s.Reason })]),
            },
            s => s.Name);
        if (results.Count == 0)
        {
            context.Note($"No clones in {ObjectNames.Parent(context.Tenant)}.");
        }

        var failed = results.Where(r => r.Failure is not null).ToList();
        var codes = failed.Select(f => Failures.Report(context, f.Failure!)).ToList();
        return codes.Count == 0 ? ExitCode.Ok : CloneCreateCommand.Combine(codes);
    }
}
