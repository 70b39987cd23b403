using CsCheck;
using Templating.Contract;
using Templating.Core.Names;

namespace Templating.UnitTests.Names;

public sealed class NamesTests
{
    private static readonly Gen<string> Label = Gen.Char["abcxyz0189-"].Array[1, 63]
        .Select(c => new string(c).Trim('-')).Where(s => s.Length > 0);

    [Theory]
    [InlineData("a", true)]
    [InlineData("0", true)]
    [InlineData("a-b", true)]
    [InlineData("", false)]
    [InlineData("-", false)]
    [InlineData("-a", false)]
    [InlineData("a-", false)]
    [InlineData("A", false)]
    [InlineData("a.b", false)]
    [InlineData("..", false)]
    [InlineData("a/b", false)]
    [InlineData("a\n", false)]
    [InlineData("é", false)]
    [InlineData("١", false)]
    [InlineData(null, false)]
    public void ALabelIsThatOfRfc1123(string? text, bool sound)
    {
        Labels.IsLabel(text).ShouldBe(sound);
        (Labels.Check("tenant", text) is null).ShouldBe(sound);
    }

    [Theory]
    [InlineData(63, true)]
    [InlineData(64, false)]
    public void ALabelHasAtMost63Characters(int length, bool sound) => Labels.IsLabel(new string('a', length)).ShouldBe(sound);

    [Theory]
    [InlineData("0123456789abcdef0123456789abcdef", true)]
    [InlineData("0123456789abcdef0123456789abcde", false)]
    [InlineData("0123456789abcdef0123456789abcdefa", false)]
    [InlineData("0123456789ABCDEF0123456789ABCDEF", false)]
    [InlineData("0123456789abcdeg0123456789abcdef", false)]
    public void ARevisionIs32LowerCaseHexDigits(string text, bool sound) => Labels.IsRevision(text).ShouldBe(sound);

    [Fact]
    public void NamesReadBackAsTheyAreWritten() =>
        Gen.Select(Label, Label, Gen.Byte.Array[16]).Sample((tenant, name, bytes) =>
        {
            var revision = new RevisionName(new TemplateName(tenant, name), Convert.ToHexStringLower(bytes));
            ResourceNames.TryParse(revision.ToString(), out var template, out var part).ShouldBeTrue();
            new RevisionName(template, part!).ShouldBe(revision);
            ResourceNames.TryParse(revision.Template.ToString(), out template, out part).ShouldBeTrue();
            template.ShouldBe(revision.Template);
            part.ShouldBeNull();
        });

    [Theory]
    [InlineData("tenants/a")]
    [InlineData("tenants/a/templates/")]
    [InlineData("tenants/a/templates/b/")]
    [InlineData("/tenants/a/templates/b")]
    [InlineData("tenants/../templates/b")]
    [InlineData("tenants/a/clones/b")]
    [InlineData("tenants/a/templates/b/revisions/xyz")]
    [InlineData("")]
    [InlineData(null)]
    public void WhatIsNoNameIsNotRead(string? text) => ResourceNames.TryParse(text, out _, out _).ShouldBeFalse();

    [Fact]
    public void TheLongestNameIsReadAndTextThatIsTooLongIsNotLookedAt()
    {
        var label = new string('a', 63);
        ResourceNames.TryParse($"tenants/{label}/templates/{label}/revisions/{new string('0', 32)}", out _, out _).ShouldBeTrue();
        ResourceNames.TryParse(new string('/', 1_000_000), out _, out _).ShouldBeFalse();
    }

    [Theory]
    [InlineData("tenants/a", true, "a")]
    [InlineData("tenants/-", true, null)]
    [InlineData("tenants/", false, null)]
    [InlineData("tenants/a/b", false, null)]
    [InlineData(null, false, null)]
    public void ATenantOrAllOfThemAreRead(string? text, bool sound, string? expected)
    {
        ResourceNames.TryParseTenant(text, out var tenant).ShouldBe(sound);
        tenant.ShouldBe(expected);
    }

    [Fact]
    public void QuotedTextMovesNoCursorAndIsBounded()
    {
        Quote.Text("a\u001b[2J\nb\u202e").ShouldBe("'a?[2J?b?'");
        Quote.Text(new string('x', 1000)).Length.ShouldBeLessThan(100);
        Quote.Text(null).ShouldBe("(nothing)");
    }
}
