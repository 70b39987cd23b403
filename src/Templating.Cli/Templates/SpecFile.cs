using Google.Protobuf;
using Templating.Cli.Base;
using Templating.Cli.Exits;
using Templating.Cli.Output;
using Templating.Cli.Parsing;
using Templating.V1;

namespace Templating.Cli.Templates;

/// <summary>A template's spec in a file, YAML or JSON, in the words of the proto message TemplateSpec.</summary>
internal static class SpecFile
{
    // The largest sound spec (32 warm-ups of a kernel's longest line) is far below; more is the wrong file.
    public const int MaxBytes = 1024 * 1024;

    /// <param name="path">- for standard input.</param>
    public static async Task<TemplateSpec> ReadAsync(CliHost host, string path, CancellationToken cancellationToken) =>
        Parse(InputFile.NameOf(path), await InputFile.ReadTextAsync(host, path, MaxBytes, cancellationToken));

    /// <exception cref="CliException">Usage; all faults are listed.</exception>
    public static TemplateSpec Parse(string name, string text)
    {
        var tree = YamlTree.Parse(name, text);
        var checker = new ProtoTree();
        var message = checker.Message(tree, TemplateSpec.Descriptor, "");
        if (checker.Faults.Count == 0)
        {
            return JsonParser.Default.Parse<TemplateSpec>(ProtoJson.Text(message, indented: false));
        }

        throw new CliException(ExitCode.Usage, $"The spec {name} has {(checker.Faults.Count == 1 ? "a fault" : $"{checker.Faults.Count} faults")}:")
        {
            Violations = checker.Faults,
        };
    }
}
