using System.CommandLine;
using System.Runtime.ExceptionServices;
using Templating.Api.Client;
using Templating.Api.Wire;
using Templating.Cli.Base;
using Templating.Cli.Exits;
using Templating.Cli.Output;
using Templating.Cli.Templates;
using Templating.Contract;
using Templating.V1;

namespace Templating.Cli.Clones;

internal static class CloneCreateCommand
{
    private enum WaitChoice
    {
        Ready,
        Running,
    }

    public static CliCommand Create(Globals globals)
    {
        var template = new Argument<string>("TEMPLATE") { HelpName = "TEMPLATE", Description = "NAME for its newest revision, or NAME@REVISION" };
        template.CompletionSources.Add(new Completions(globals).Templates);
        var count = OptionKinds.Number("--count", 1, 1000, "How many");
        var id = OptionKinds.Text("--id", "ID", "The clone's id (default: one is made up)");
        var wait = OptionKinds.Choice<WaitChoice>("--wait", "Return when the guest confirmed its identity, or when its CPUs run");
        var requestId = OptionKinds.Text("--request-id", "UUID", "A retry with the same id returns the first result");
        var flags = new CloneSpecFlags();
        var command = new CliCommand(
            "create",
            "Starts clones of a template. Times are milliseconds. Fails where any of the clones failed.",
            "templating clone create web",
            "templating clone create web --count 10 -o json",
            "templating clone create web --id web-1 --forward 8080:80 --env MODE=test --label owner=me")
        {
            template, count, id, wait, requestId,
        };
        flags.AddTo(command);
        return globals.Run(command, async (context, cancellationToken) =>
        {
            var name = await RevisionNames.ResolveAsync(context, context.Get(template), cancellationToken);
            var spec = await flags.ReadAsync(context, name, cancellationToken);
            var request = RequestIds.Checked(context.Get(requestId));
            var until = context.Get(wait) == WaitChoice.Running ? WaitFor.Running : WaitFor.Ready;
            if (context.Get(count) is not { } number)
            {
                var one = new CreateCloneRequest { Spec = spec, Id = context.Get(id) ?? "", RequestId = request, WaitFor = until };
                var clone = await context.Client.Clones.CreateCloneAsync(one, deadline: context.Deadline, cancellationToken: cancellationToken);
                var made = new CreatedClone(0, clone, null);
                context.Print(CreatedClone.Columns(failures: false, [made]), [made], () => ProtoJson.Tree(clone), _ => clone.Name);
                ShowPhases(context, [clone]);
                return ExitCode.Ok;
            }

            if (context.Get(id) is not null)
            {
                throw new CliException(ExitCode.Usage, "--id names one clone, --count asks for several; leave one of them out.");
            }

            var many = new CreateClonesRequest { Spec = spec, Count = number, RequestId = request, WaitFor = until };
            var results = new List<CreatedClone>();
            var broken = await CreateAsync(context, many, results, cancellationToken);
            var code = Report(context, results);
            broken?.Throw();
            return code == ExitCode.Ok && results.Count < number ? ExitCode.Failure : code;
        });
    }

    /// <returns>What ended it before all were told of, to be thrown when those that were have been shown: they exist.</returns>
    private static async Task<ExceptionDispatchInfo?> CreateAsync(
        CliContext context, CreateClonesRequest request, List<CreatedClone> results, CancellationToken cancellationToken)
    {
        ExceptionDispatchInfo? broken = null;
        using var call = context.Client.Clones.CreateClones(request, deadline: context.Deadline, cancellationToken: cancellationToken);
        try
        {
            while (await call.ResponseStream.MoveNext(cancellationToken))
            {
                var response = call.ResponseStream.Current;
                results.Add(new CreatedClone(
                    response.Index, response.Clone_, response.Error is null ? null : TemplatingClientException.From(response.Error)));
            }
        }
        catch (Exception e) when (e is TemplatingClientException or OperationCanceledException && results.Count > 0)
        {
            broken = ExceptionDispatchInfo.Capture(e);
        }

        if (results.Count < request.Count)
        {
            context.Note($"The daemon told of {results.Count} of {request.Count} clones; 'templating clone list' shows what there is.");
        }

        results.Sort((a, b) => a.Index.CompareTo(b.Index));
        return broken;
    }

    private static int Report(CliContext context, List<CreatedClone> results)
    {
        var failed = results.Where(r => r.Failure is not null).ToList();
        var shown = context.Format == OutputFormat.Name ? [.. results.Where(r => r.Made is not null)] : results;
        context.Print(CreatedClone.Columns(failed.Count > 0, results), shown, () => CreatedClone.Tree(results), r => r.Made!.Name);
        ShowPhases(context, [.. results.Select(r => r.Made).OfType<VmClone>()]);
        if (failed.Count == 0)
        {
            return ExitCode.Ok;
        }

        Failures.Write(
            context.Host.Error,
            $"{failed.Count} of {results.Count} clones failed.",
            [.. failed.Select(f => new FieldViolation($"#{f.Index}", f.Failure!.Message))],
            [.. failed.SelectMany(f => Hints.For(context, f.Failure!)).Distinct(StringComparer.Ordinal)]);
        return Combine(failed.Select(f => ExitCode.Of(f.Failure!)));
    }

    /// <summary>For people at a terminal, of the one in the middle: what reads the table finds nothing else there.</summary>
    private static void ShowPhases(CliContext context, IReadOnlyList<VmClone> clones)
    {
        if (context is { Format: OutputFormat.Table, Host.OutputIsTerminal: true } && clones.Count > 0)
        {
            context.Note(PhaseBar.Of(clones.OrderBy(c => c.Total.ToTimeSpanOrNull()).ElementAt(clones.Count / 2).Phases));
        }
    }

    /// <summary>The code all failures have in common, else the general one.</summary>
    public static int Combine(IEnumerable<int> codes) => codes.Distinct().ToArray() is [var only] ? only : ExitCode.Failure;
}
