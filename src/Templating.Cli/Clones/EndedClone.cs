using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Templating.Api.Client;
using Templating.Cli.Base;
using Templating.Cli.Exits;
using Templating.Terminal.Tables;

namespace Templating.Cli.Clones;

/// <summary>One of several clones that were to end: how it did, or why not.</summary>
internal sealed record EndedClone(int Index, string Name, string Reason, TemplatingClientException? Failure)
{
    // One connection carries 100 calls; killing a QEMU is quick, and a grace period waits beside the others.
    private const int AtOnce = 32;

    /// <param name="end">Ends the one of that name, and returns how it ended.</param>
    public static async Task<List<EndedClone>> EndAsync(
        IReadOnlyList<string> names, Func<string, CancellationToken, Task<string>> end, CancellationToken cancellationToken)
    {
        var results = new ConcurrentBag<EndedClone>();
        var options = new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(names.Index(), options, async (item, token) =>
        {
            try
            {
                results.Add(new EndedClone(item.Index, item.Item, await end(item.Item, token), null));
            }
            catch (TemplatingClientException e)
            {
                results.Add(new EndedClone(item.Index, item.Item, "", e));
            }
        });
        return [.. results.OrderBy(r => r.Index)];
    }

    /// <param name="done">In one word, what became of those that ended.</param>
    public static int Report(CliContext context, string done, List<EndedClone> results)
    {
        var ended = results.Where(r => r.Failure is null).ToList();
        context.Print(
            [new Column<EndedClone>(done.ToUpperInvariant(), s => s.Name), new Column<EndedClone>("REASON", s => s.Reason)],
            ended,
            () => new JsonObject
            {
                [done] = new JsonArray([.. ended.Select(s => (JsonNode)new JsonObject { ["name"] = s.Name, ["reason"] = s.Reason })]),
            },
            s => s.Name);
        var codes = results.Where(r => r.Failure is not null).Select(f => Failures.Report(context, f.Failure!)).ToList();
        return codes.Count == 0 ? ExitCode.Ok : CloneCreateCommand.Combine(codes);
    }
}
