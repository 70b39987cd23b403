using System.Text;
using Templating.Contract;

namespace Templating.UnitTests.Contract;

public sealed class WrittenTextTests
{
    [Theory]
    [InlineData("")]
    [InlineData("a: 1\r\nb: 2\r\n")]
    [InlineData("Grüße, 模, 😀\n")]
    public void TextIsReadWithAndWithoutAByteOrderMark(string text)
    {
        WrittenText.Read(Encoding.UTF8.GetBytes(text)).ShouldBe(text);
        WrittenText.Read([0xef, 0xbb, 0xbf, .. Encoding.UTF8.GetBytes(text)]).ShouldBe(text);
    }

    [Theory]
    [InlineData("utf-16", true, "UTF-16")]
    [InlineData("utf-16BE", true, "UTF-16")]
    [InlineData("utf-16", false, "UTF-16")]
    [InlineData("utf-16BE", false, "UTF-16")]
    [InlineData("utf-32", true, "UTF-32")]
    [InlineData("utf-32BE", true, "UTF-32")]
    [InlineData("utf-32", false, "UTF-32")]
    [InlineData("utf-32BE", false, "UTF-32")]
    public void AnotherEncodingIsToldByItsName(string encoding, bool marked, string name)
    {
        foreach (var text in (string[])["guest:\n", "{}", "#"])
        {
            var other = Encoding.GetEncoding(encoding);
            byte[] bytes = [.. marked ? other.GetPreamble() : [], .. other.GetBytes(text)];

            WrittenText.TryRead(bytes, out _, out var problem).ShouldBeFalse(text);
            problem.ShouldBe($"is {name}; save it as UTF-8.", text);
        }
    }

    [Fact]
    public void WhatIsNoUtf8IsToldByItsPlace()
    {
        WrittenText.TryRead([.. "a: 1\nb: caf"u8, 0xe9, (byte)'\n'], out _, out var problem).ShouldBeFalse();

        problem.ShouldBe("is not UTF-8: line 2, byte 7 is 0xe9; save it as UTF-8.");
    }

    [Fact]
    public void ACharacterThatIsCutOffIsNone() => WrittenText.TryRead([(byte)'a', 0xe6, 0xa8], out _, out _).ShouldBeFalse();

    [Fact]
    public void ABinaryFileIsNoText()
    {
        WrittenText.TryRead([.. "ELF\nabcde"u8, 0, 1, 2], out _, out var problem).ShouldBeFalse();

        problem.ShouldStartWith("has a NUL at line 2, byte 6");
    }

    [Theory]
    [InlineData(10, true)]
    [InlineData(9, false)]
    public void AFileIsReadToItsLimit(int most, bool allowed)
    {
        var path = Path.GetTempFileName();
        try
        {
            File.WriteAllText(path, "0123456789");
            (allowed ? WrittenText.ReadFile(path, most) : Should.Throw<FormatException>(() => WrittenText.ReadFile(path, most)).Message)
                .ShouldContain(allowed ? "0123456789" : "more than 9 bytes");
        }
        finally
        {
            File.Delete(path);
        }
    }
}
