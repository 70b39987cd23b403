using System.Text;
using Google.Protobuf;
using Templating.Node.Output;
using Templating.V1;

namespace Templating.Node.Commands.Parsing;

/// <summary>A template's spec in a file, YAML or JSON, in the words of the proto message TemplateSpec.</summary>
internal static class SpecFile
{
    // The largest sound spec (32 warm-ups of a kernel's longest line) is far below; more is the wrong file.
    public const int MaxBytes = 1024 * 1024;

    /// <param name="path">- for standard input.</param>
    public static async Task<TemplateSpec> ReadAsync(CliHost host, string path, CancellationToken cancellationToken)
    {
        var name = path is "-" ? "(standard input)" : path;
        await using var stream = path is "-" ? host.StandardInput() : File.OpenRead(path);
        return Parse(name, Encoding.UTF8.GetString(await ReadBoundedAsync(name, stream, MaxBytes, cancellationToken)));
    }

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

    public static async Task<byte[]> ReadBoundedAsync(string name, Stream stream, int most, CancellationToken cancellationToken)
    {
        var buffer = new byte[most + 1];
        var count = 0;
        int read;
        while (count < buffer.Length && (read = await stream.ReadAsync(buffer.AsMemory(count), cancellationToken)) > 0)
        {
            count += read;
        }

        return count <= most
            ? buffer[..count]
            : throw new CliException(ExitCode.Usage, $"{name} is larger than {ByteSize.Format(most)}, which is the most allowed.");
    }
}
