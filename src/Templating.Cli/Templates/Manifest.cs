using System.Text.Json;
using System.Text.Json.Nodes;
using Templating.Cli.Exits;
using Templating.Contract;

namespace Templating.Cli.Templates;

/// <summary>
/// An object of Kubernetes in a file: of a VMTemplate the spec is a template's, but for what only a cluster has. Its name is not
/// taken, the command names the template.
/// </summary>
/// <param name="Spec">Without what is not the node's.</param>
/// <param name="KeepRevisions">Its revisionHistoryLimit.</param>
internal sealed record Manifest(JsonObject Spec, int? KeepRevisions, IReadOnlyList<FieldViolation> Faults)
{
    private const string Group = "templating.dev/";
    private const string TemplateKind = "VMTemplate";

    /// <returns>Null for a document that is no object of Kubernetes.</returns>
    /// <exception cref="CliException">It is one of another kind.</exception>
    public static Manifest? Open(string name, JsonNode? document)
    {
        if (document is not JsonObject root || !root.ContainsKey("apiVersion") || !root.ContainsKey("kind"))
        {
            return null;
        }

        var (version, kind) = (Text(root["apiVersion"]), Text(root["kind"]));
        if (!version.StartsWith(Group, StringComparison.Ordinal) || !string.Equals(kind, TemplateKind, StringComparison.Ordinal))
        {
            throw new CliException(ExitCode.Usage, $"{name} is {Quote.Text($"{version} {kind}")} of Kubernetes; a template's spec or a {TemplateKind} is needed here.")
            {
                Hints = ["'kubectl apply -f' is for objects of a cluster."],
            };
        }

        if (root["spec"] is not JsonObject given)
        {
            throw new CliException(ExitCode.Usage, $"The {TemplateKind} in {name} has no spec.");
        }

        var spec = given.DeepClone().AsObject();
        var faults = new List<FieldViolation>();
        if (spec.Remove("nodeSelector", out var selector) && selector is JsonObject { Count: > 0 })
        {
            faults.Add(new FieldViolation("spec.nodeSelector", "A node builds for itself and chooses no other; leave it out, or apply the file with kubectl."));
        }

        int? keep = null;
        if (spec.Remove("revisionHistoryLimit", out var limit) && limit is not null)
        {
            keep = limit.GetValueKind() == JsonValueKind.Number && limit.AsValue().TryGetValue<long>(out var count) && count is >= 0 and <= 100 ? (int)count : null;
            if (keep is null)
            {
                faults.Add(new FieldViolation("spec.revisionHistoryLimit", "A whole number from 0 to 100 is needed."));
            }
        }

        return new Manifest(spec, keep, faults);
    }

    private static string Text(JsonNode? node) => node?.GetValueKind() == JsonValueKind.String ? node.GetValue<string>() : "";
}
