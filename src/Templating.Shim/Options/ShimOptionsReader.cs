using System.Text;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Templating.Contract;
using Templating.Core.Linux;
using Templating.Shim.Errors;
using Tomlyn.Parsing;

namespace Templating.Shim.Options;

/// <summary>
/// What containerd passes on of a handler's "options": with 1.7 and 2.x all of them as TOML, and with each version the path of a file
/// (ConfigPath), which then has them. 1.6 passes on nothing but that.
/// </summary>
internal static class ShimOptionsReader
{
    private const int MaxBytes = 64 * 1024;
    private const string Expected = "runtimeoptions.v1.Options";

    /// <exception cref="ShimException">InvalidArgument: all that is wrong with them.</exception>
    public static ShimOptions Read(Any? options)
    {
        if (options is null || (options.TypeUrl.Length == 0 && options.Value.IsEmpty))
        {
            return ShimOptions.Default;
        }

        var (text, source) = TextOf(options);
        return text.Length == 0 ? ShimOptions.Default : Parse(text, source);
    }

    internal static ShimOptions Parse(string text, string source)
    {
        var document = SyntaxParser.Parse(text, source);
        var faults = new Faults();
        foreach (var problem in document.Diagnostics)
        {
            faults.Add($"line {problem.Span.Start.Line + 1}", problem.Message);
        }

        var options = ShimOptions.Default;
        if (!document.HasErrors)
        {
            var settings = new Settings(faults);
            foreach (var entry in document.KeyValues)
            {
                options = settings.Apply(options, entry);
            }

            faults.Require(
                document.Tables.ChildrenCount == 0, document.Tables.FirstOrDefault()?.Name?.ToString()?.Trim() ?? "", "There are no tables in the options; write NAME = VALUE.");
        }

        return faults.All.Count == 0
            ? options
            : throw ShimException.Invalid($"The options of the runtime handler ({source}): " + string.Join(' ', faults.All.Select(f => $"{f.Field}: {f.Description}")));
    }

    private static (string Text, string Source) TextOf(Any options)
    {
        // containerd writes names without the prefix that Any.Is expects.
        if (options.TypeUrl.Split('/')[^1] is var type && type != Expected)
        {
            throw ShimException.Invalid($"The runtime handler's options are {Quote.Text(type)}; {Expected} is expected, which containerd makes of the options of a runtime that is not its own.");
        }

        try
        {
            var passed = Protocol.RuntimeOptions.Options.Parser.ParseFrom(options.Value);
            if (passed.ConfigPath.Length > 0)
            {
                return passed.ConfigPath.StartsWith('/')
                    ? (Encoding.UTF8.GetString(SmallFile.Read(passed.ConfigPath, MaxBytes)), passed.ConfigPath)
                    : throw ShimException.Invalid($"ConfigPath of the runtime handler's options is {Quote.Text(passed.ConfigPath)}; an absolute path is expected.");
            }

            return passed.ConfigBody.Length <= MaxBytes
                ? (passed.ConfigBody.ToStringUtf8(), "containerd's configuration")
                : throw ShimException.Invalid($"The runtime handler's options have {passed.ConfigBody.Length} bytes; at most {MaxBytes} are expected.");
        }
        catch (InvalidProtocolBufferException e)
        {
            throw ShimException.Invalid($"The runtime handler's options are no {Expected}: {e.Message}");
        }
        catch (IOException e)
        {
            throw ShimException.NotNow($"The runtime handler's options (ConfigPath) cannot be read: {e.Message}");
        }
    }
}
