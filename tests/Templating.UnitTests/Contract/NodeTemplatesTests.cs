using Templating.Contract;

namespace Templating.UnitTests.Contract;

public sealed class NodeTemplatesTests
{
    [Theory]
    [InlineData("web-0123456789", "web", "0123456789")]
    [InlineData("a-b-abcdef0123", "a-b", "abcdef0123")]
    [InlineData("web-0123456789-abcdef0123", "web-0123456789", "abcdef0123")]
    public void ANameAndItsRevisionAreToldApart(string text, string template, string revision)
    {
        NodeTemplates.TryParse(text, out var foundTemplate, out var foundRevision).ShouldBeTrue();
        (foundTemplate, foundRevision).ShouldBe((template, revision));
        NodeTemplates.Join(template, revision).ShouldBe(text);
    }

    [Theory]
    [InlineData("web")]
    [InlineData("-0123456789")]
    [InlineData("0123456789")]
    [InlineData("web-012345678")]
    [InlineData("web-ABCDEF0123")]
    [InlineData("web-01234567zz")]
    [InlineData("web_0123456789")]
    public void WhatAPersonNamedHasNoRevision(string text) => NodeTemplates.TryParse(text, out _, out _).ShouldBeFalse();
}
