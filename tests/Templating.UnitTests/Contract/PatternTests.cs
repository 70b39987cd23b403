using System.Text.RegularExpressions;
using CsCheck;
using Templating.Contract;

namespace Templating.UnitTests.Contract;

/// <summary>A schema's pattern and length say what the rule says, where a pattern can: then no text is taken by one and refused by the other.</summary>
public sealed class PatternTests
{
    [Fact]
    public void FilesInAGuest() => Same(
        "/.a\0\n ", GuestFileRules.PathPattern, GuestFileRules.MaxPathBytes, text => GuestFileRules.Check("", [(text, 0, 0)]));

    [Fact]
    public void FilesOnANode() => Same(
        "/.a\0\n\u007f\u0085\u009f\u00a0", SourceRules.PathPattern, SourceRules.MaxPathBytes, text => SourceRules.CheckPath("", text));

    [Fact]
    public void HostNames() => Same("a0-.A_\n", HostnameRules.Pattern, HostnameRules.MaxLength, text => text.Length == 0 ? Refused : HostnameRules.Check("", text));

    [Fact]
    public void ALongHostName() => Same("a.", HostnameRules.Pattern, HostnameRules.MaxLength, text => HostnameRules.Check("", text), least: 60, most: 67);

    [Fact]
    public void Variables() => Same(
        "aZ_09-é\n", EnvironmentRules.NamePattern, EnvironmentRules.MaxName, text => EnvironmentRules.Check("", [KeyValuePair.Create(text, "")]));

    [Fact]
    public void MachineTypes() => Same("aZ9._-,\n", MachineTypeRules.Pattern, MachineTypeRules.MaxLength, text => MachineTypeRules.Check("", text), "pc-q35-");

    [Fact]
    public void CpuModels() => Same("aZ9._-,+=\n", CpuRules.ModelPattern, CpuRules.MaxModel, text => CpuRules.CheckModel("", text));

    [Fact]
    public void CommandLines() => Same(" ~a\u001f\u007f\n", CommandLineRules.Pattern, CommandLineRules.MaxBytes, text => CommandLineRules.Check("", text));

    [Fact]
    public void Digests() => Same(
        "0af", SourceRules.Sha256Pattern, 64, text => SourceRules.Check("", "/a", null, text), least: 63, most: 65);

    [Fact]
    public void NamesOfTemplates() => Same(
        "a0-A.\n", Patterns.Label, Labels.MaxLength, text => Labels.Check("", text) is { } violation ? [violation] : []);

    /// <summary>Whether a host is one, a pattern cannot say: it may take more, and must take all that the rule does.</summary>
    [Fact]
    public void AUrlThatTheRuleTakesThePatternTakes() => Texts("a:/@?#\\[].%\" é", least: 0, most: 12).Sample(tail =>
    {
        foreach (var text in new[] { "https:" + tail, "HTTPS://" + tail, "https://h" + tail, "https://h.example/" + tail })
        {
            if (!SourceRules.Check("", null, text, new string('0', 64)).Any())
            {
                Matches(SourceRules.UrlPattern, text).ShouldBeTrue(text);
            }
        }
    });

    private static readonly FieldViolation[] Refused = [new("", "")];

    private static Gen<string> Texts(string characters, int least, int most) => Gen.String[Gen.Char[characters], least, most];

    /// <param name="characters">That matter to the rule: few, so that legal texts are met.</param>
    private static void Same(
        string characters, string pattern, int length, Func<string, IEnumerable<FieldViolation>> rule, string begin = "", int least = 0, int most = 9) =>
        Texts(characters, least, most).Sample(tail =>
        {
            var text = begin + tail;
            (text.Length <= length && Matches(pattern, text)).ShouldBe(!rule(text).Any(), text);
        });

    /// <summary>As a schema does: its $ is the very end.</summary>
    private static bool Matches(string pattern, string text) => Regex.IsMatch(text, pattern[..^1] + @"\z", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1));
}
