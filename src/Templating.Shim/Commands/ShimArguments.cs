using Templating.Contract;

namespace Templating.Shim.Commands;

/// <summary>What containerd says on the command line: flags in Go's style, and one action behind them.</summary>
internal sealed record ShimArguments
{
    public const string Start = "start";
    public const string Delete = "delete";

    /// <summary>Our own: the process that <see cref="Start"/> leaves behind.</summary>
    public const string Serve = "serve";

    public const string Version = "version";

    private const int MaxArguments = 64;
    private const int MaxLength = 4096;

    /// <summary>containerd's identifiers have 76 characters at most (pkg/identifiers).</summary>
    private const int MaxId = 76;

    public string Action { get; private set; } = "";

    public string Namespace { get; private set; } = "";

    /// <summary>containerd's own socket.</summary>
    public string Address { get; private set; } = "";

    public string Id { get; private set; } = "";

    /// <summary>Empty for the working folder.</summary>
    public string Bundle { get; private set; } = "";

    public bool Debug { get; private set; }

    /// <returns>Null where they cannot be understood.</returns>
    public static ShimArguments? Parse(IReadOnlyList<string> arguments, out string problem)
    {
        var parsed = new ShimArguments();
        problem = parsed.Read(arguments) ?? parsed.Check() ?? "";
        return problem.Length == 0 ? parsed : null;
    }

    private string? Read(IReadOnlyList<string> arguments)
    {
        if (arguments.Count > MaxArguments || arguments.Any(a => a.Length > MaxLength))
        {
            return $"There are more than {MaxArguments} arguments, or one of more than {MaxLength} characters.";
        }

        for (var i = 0; i < arguments.Count; i++)
        {
            var argument = arguments[i];
            if (argument.Length < 2 || argument[0] != '-')
            {
                if (Action.Length > 0)
                {
                    return $"There is {Quote.Text(argument)} behind '{Action}'; one action is allowed, and it comes last.";
                }

                Action = argument;
                continue;
            }

            var name = argument.TrimStart('-');
            var equals = name.IndexOf('=', StringComparison.Ordinal);
            var value = equals < 0 ? null : name[(equals + 1)..];
            name = equals < 0 ? name : name[..equals];
            switch (name)
            {
                case "v" or "version":
                    Action = Version;
                    continue;
                case "debug":
                    Debug = value is not "false";
                    continue;
                default:
                    break;
            }

            value ??= i + 1 < arguments.Count ? arguments[++i] : null;
            if (value is null)
            {
                return $"The flag -{name} has no value.";
            }

            if (!Set(name, value))
            {
                return $"The flag {Quote.Text('-' + name)} is unknown; containerd's are -namespace, -address, -publish-binary, -id, -bundle, -socket and -debug.";
            }
        }

        return null;
    }

    private bool Set(string name, string value)
    {
        switch (name)
        {
            case "namespace":
                Namespace = value;
                return true;
            case "address":
                Address = value;
                return true;
            case "id":
                Id = value;
                return true;
            case "bundle":
                Bundle = value;
                return true;
            // Events go to TTRPC_ADDRESS, and the socket's place is decided by start: containerd passes both for old shims.
            case "publish-binary" or "socket":
                return true;
            default:
                return false;
        }
    }

    private string? Check() => Action switch
    {
        Version => null,
        not (Start or Delete or Serve) => $"The action {Quote.Text(Action)} is unknown; 'start' and 'delete' are containerd's, and -v tells the version.",
        _ when !IsIdentifier(Namespace) => $"The namespace (-namespace) is {Quote.Text(Namespace)}; {Identifier}.",
        _ when !IsIdentifier(Id) => $"The id (-id) is {Quote.Text(Id)}; {Identifier}.",
        _ => null,
    };

    private static string Identifier => $"1 to {MaxId} letters, digits, '-', '_' and '.' are expected, with a letter or digit first";

    private static bool IsIdentifier(string text) =>
        text.Length is > 0 and <= MaxId && char.IsAsciiLetterOrDigit(text[0]) && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');
}
