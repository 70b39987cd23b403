using System.Text.Json.Nodes;
using Templating.Cli.Exits;
using Templating.Terminal.Written;

namespace Templating.Cli.Parsing;

/// <summary>One YAML document as a JSON tree.</summary>
internal static class YamlTree
{
    /// <exception cref="CliException">Usage: the text is not such a document; the message has line and column.</exception>
    public static JsonNode? Parse(string name, string text)
    {
        try
        {
            return YamlDocument.Parse(name, text);
        }
        catch (FormatException e)
        {
            throw new CliException(ExitCode.Usage, e.Message, e);
        }
    }
}
