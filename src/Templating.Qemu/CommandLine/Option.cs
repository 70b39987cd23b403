using System.Text;

namespace Templating.Qemu.CommandLine;

/// <summary>The value of a QEMU option, <c>driver,key=value,...</c>, with its escapes.</summary>
internal sealed class Option(string first)
{
    private readonly StringBuilder _text = new(Escape(first));

    public Option With(string key, string value)
    {
        _text.Append(',').Append(key).Append('=').Append(Escape(value));
        return this;
    }

    public Option With(string key, long value) => With(key, value.ToString(System.Globalization.CultureInfo.InvariantCulture));

    public Option With(string key, bool value) => With(key, value ? "on" : "off");

    public override string ToString() => _text.ToString();

    /// <summary>A comma within a value is doubled, or it would begin the next option (qemu-options: "use ,,").</summary>
    public static string Escape(string value) => value.Replace(",", ",,", StringComparison.Ordinal);
}
