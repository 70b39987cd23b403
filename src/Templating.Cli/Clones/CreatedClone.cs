using System.Text.Json.Nodes;
using Templating.Api.Client;
using Templating.Cli.Output;
using Templating.Terminal.Tables;
using Templating.V1;

namespace Templating.Cli.Clones;

/// <summary>One of the clones asked for: it is there, or it failed.</summary>
internal sealed record CreatedClone(int Index, VmClone? Made, TemplatingClientException? Failure)
{
    private static readonly (string Header, string Phase)[] Phases =
    [
        ("TAKE", "take"), ("QUEUE", "queue"), ("VERIFY", "verify"), ("BIND", "bind"), ("QEMU", "qemu_start"), ("RESTORE", "restore"),
        ("RESUME", "resume"), ("IDENTITY", "identity"),
    ];

    /// <summary>Only of clones that came from a VM that waited.</summary>
    private static readonly string[] OfSome = ["take", "bind"];

    /// <summary>Times are milliseconds.</summary>
    /// <param name="failures">Whether some failed.</param>
    /// <param name="all">For the columns that not all have.</param>
    public static IReadOnlyList<Column<CreatedClone>> Columns(bool failures, IReadOnlyList<CreatedClone> all) =>
    [
        new("ID", c => c.Made?.Id ?? $"#{c.Index}"),
        new("STATE", c => c.Made is null ? "Failed" : Words.Of(c.Made.State), Colour: c => Words.ColourOf(c.Made?.State ?? CloneState.Failed)),
        new("HOSTNAME", c => c.Made?.Identity?.Hostname ?? ""),
        new("PORTS", c => Words.Of(c.Made?.Network)),
        .. Phases.Where(p => !OfSome.Contains(p.Phase, StringComparer.Ordinal) || all.Any(c => c.Took(p.Phase).Length > 0)).Select(p => new Column<CreatedClone>(p.Header, c => c.Took(p.Phase), Right: true)),
        new("TOTAL", c => Words.Milliseconds(c.Made?.Total), Right: true),
        .. failures ? [new Column<CreatedClone>("REASON", c => c.Failure is null ? "" : $"{c.Failure.Reason} {c.Failure.Message}".Trim())] : Array.Empty<Column<CreatedClone>>(),
    ];

    public static JsonObject Tree(IEnumerable<CreatedClone> all)
    {
        var clones = new JsonArray();
        var failures = new JsonArray();
        foreach (var one in all)
        {
            if (one.Made is not null)
            {
                clones.Add((JsonNode)ProtoJson.Tree(one.Made));
            }
            else
            {
                failures.Add((JsonNode)new JsonObject
                {
                    ["index"] = one.Index,
                    ["code"] = one.Failure!.Code.ToString(),
                    ["reason"] = one.Failure.Reason,
                    ["message"] = one.Failure.Message,
                });
            }
        }

        return new JsonObject { ["clones"] = clones, ["failures"] = failures };
    }

    private string Took(string phase) =>
        Words.Milliseconds(Made?.Phases.FirstOrDefault(p => string.Equals(p.Name, phase, StringComparison.Ordinal))?.Duration);
}
