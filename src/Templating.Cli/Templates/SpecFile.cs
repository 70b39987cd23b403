using System.Text.Json;
using System.Text.Json.Nodes;
using Google.Protobuf;
using Templating.Cli.Base;
using Templating.Cli.Exits;
using Templating.Cli.Output;
using Templating.Cli.Parsing;
using Templating.Contract;
using Templating.V1;

namespace Templating.Cli.Templates;

/// <summary>A template's spec in a file, YAML or JSON, in the words of the proto message TemplateSpec, or a VMTemplate of Kubernetes.</summary>
internal static class SpecFile
{
    // The largest sound spec (32 warm-ups of a kernel's longest line) is far below; more is the wrong file.
    public const int MaxBytes = 1024 * 1024;

    /// <param name="path">- for standard input.</param>
    public static async Task<TemplateFile> ReadAsync(CliHost host, string path, CancellationToken cancellationToken) =>
        Parse(InputFile.NameOf(path), await InputFile.ReadTextAsync(host, path, MaxBytes, cancellationToken));

    /// <exception cref="CliException">Usage; all faults are listed.</exception>
    public static TemplateFile Parse(string name, string text)
    {
        var tree = YamlTree.Parse(name, text);
        var manifest = Manifest.Open(name, tree);
        var checker = new ProtoTree();
        var warm = TakeWarm(manifest?.Spec ?? tree, checker, manifest is null ? "warm" : "spec.warm", out var warmFaults);
        var message = checker.Message(manifest?.Spec ?? tree, TemplateSpec.Descriptor, manifest is null ? "" : "spec");
        IReadOnlyList<FieldViolation> faults = [.. manifest?.Faults ?? [], .. checker.Faults, .. warmFaults];
        if (faults.Count == 0)
        {
            return new TemplateFile(JsonParser.Default.Parse<TemplateSpec>(ProtoJson.Text(message, indented: false)), manifest?.KeepRevisions, warm);
        }

        throw new CliException(ExitCode.Usage, $"The spec {name} has {(faults.Count == 1 ? "a fault" : $"{faults.Count} faults")}:")
        {
            Violations = faults,
        };
    }

    /// <summary>Takes from a spec what is no part of the template: how many VMs of it are to wait. A number alone is that many restored ones.</summary>
    private static PoolSizes? TakeWarm(JsonNode? spec, ProtoTree checker, string path, out IReadOnlyList<FieldViolation> faults)
    {
        faults = [];
        if (spec is not JsonObject map || !map.Remove("warm", out var given) || given is null)
        {
            return null;
        }

        var before = checker.Faults.Count;
        var message = checker.Message(
            given.GetValueKind() == JsonValueKind.Number ? new JsonObject { ["restored"] = given.DeepClone() } : given, PoolSizes.Descriptor, path);
        if (checker.Faults.Count > before)
        {
            return null;
        }

        var sizes = JsonParser.Default.Parse<PoolSizes>(ProtoJson.Text(message, indented: false));
        faults = [.. PoolRules.Check(path, sizes.Restored, sizes.Prepared, sizes.MaxRestored, sizes.Spare)];
        return sizes;
    }
}
