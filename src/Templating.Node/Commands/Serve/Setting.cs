using Templating.Node.Options;

namespace Templating.Node.Commands.Serve;

/// <summary>
/// One option of the daemon, by flag (<c>--tcp-key-path</c>), environment variable (<c>TEMPLATING_TCP_KEY_PATH</c>) and
/// field of the configuration file (<c>{"tcp": {"keyPath": ...}}</c>).
/// </summary>
/// <param name="Property">The property it sets, as <c>Tcp.KeyPath</c>.</param>
/// <param name="Group">The object of the file it stands in; empty for the outermost.</param>
/// <param name="Name">Within its group, in words with dashes.</param>
/// <param name="Set">Sets the values given, and says what is allowed where they are not: null when all is well.</param>
internal sealed record Setting(
    string Property, string Group, string Name, string Help, string Description, Func<NodeOptions, IReadOnlyList<string>, string?> Set, bool Many = false)
{
    public string Flag => "--" + Words;

    public string Variable => "TEMPLATING_" + Words.Replace('-', '_').ToUpperInvariant();

    /// <summary>Within its group.</summary>
    public string Field
    {
        get
        {
            var words = Name.Split('-');
            return words[0] + string.Concat(words.Skip(1).Select(w => char.ToUpperInvariant(w[0]) + w[1..]));
        }
    }

    public string FieldPath => Group.Length == 0 ? Field : $"{GroupField}.{Field}";

    public string GroupField => Group.Length == 0 ? "" : string.Concat(Group.Split('-').Select((w, i) => i == 0 ? w : char.ToUpperInvariant(w[0]) + w[1..]));

    private string Words => Group.Length == 0 ? Name : $"{Group}-{Name}";
}
