using CsCheck;
using Templating.Node.Commands.Runtimes;

namespace Templating.UnitTests.Node.Commands.Runtimes;

/// <summary>Our lines in a file that all containers of a node depend on.</summary>
public sealed class RuntimeBlockTests
{
    private const string Lines = "[a]\n  b = 1\n";

    /// <summary>Any text: no TOML is needed for this.</summary>
    private static readonly Gen<string> Texts = Gen.String[Gen.OneOf(Gen.Const('\n'), Gen.Const('#'), Gen.Const('\r'), Gen.Char), 0, 200]
        .Where(text => !text.Contains("# BEGIN", StringComparison.Ordinal));

    [Fact]
    public void PuttingInAndTakingOutGivesBackTheSameBytes() => Texts.Sample(text => RuntimeBlock.Remove(RuntimeBlock.Put(text, Lines)) == text);

    [Fact]
    public void WhatWasThereStaysAsItIsAndComesFirst() => Texts.Sample(text => RuntimeBlock.Put(text, Lines).StartsWith(text, StringComparison.Ordinal));

    [Fact]
    public void PuttingInTheSameAgainChangesNothing() => Texts.Sample(text =>
        RuntimeBlock.Put(text, Lines) is var once && RuntimeBlock.Put(once, Lines) == once && RuntimeBlock.Lines(once) == Lines);

    [Fact]
    public void OtherLinesTakeThePlaceOfThoseBefore() => Texts.Sample(text =>
        RuntimeBlock.Put(RuntimeBlock.Put(text, Lines), "[c]\n") == RuntimeBlock.Put(text, "[c]\n"));

    [Fact]
    public void WhatIsWrittenBelowStaysBelow() => Gen.Select(Texts, Texts).Sample((above, below) =>
    {
        var changed = RuntimeBlock.Put(RuntimeBlock.Put(above, Lines) + below, "[c]\n");
        // A line that had no end keeps the one it was given where something stands below it.
        var end = below.Length > 0 && above.Length > 0 && above[^1] != '\n' ? "\n" : "";
        return changed.EndsWith(below, StringComparison.Ordinal) && RuntimeBlock.Remove(changed) == above + end + below;
    });

    [Fact]
    public void AFileWithoutABlockIsLeftAlone() => Texts.Sample(text => RuntimeBlock.Remove(text) == text && !RuntimeBlock.IsIn(text) && RuntimeBlock.Lines(text).Length == 0);

    [Theory]
    [InlineData("a = 1\n", true)]
    [InlineData("# BEGIN templating.dev\n# END templating.dev\n", true)]
    [InlineData("# BEGIN templating.dev\n# END templating.dev", true)]
    [InlineData("# BEGIN templating.dev\n", false)]
    [InlineData("# END templating.dev\n", false)]
    [InlineData("# END templating.dev\n# BEGIN templating.dev\n", false)]
    [InlineData("# BEGIN templating.dev\n# BEGIN templating.dev\n# END templating.dev\n", false)]
    [InlineData("# BEGIN templating.dev\n# END templating.dev\n# END templating.dev\n", false)]
    [InlineData("a = 1 # BEGIN templating.dev\n", true)]
    public void AMarkWithoutItsOtherIsSeen(string text, bool isWhole) => RuntimeBlock.IsWhole(text).ShouldBe(isWhole);
}
