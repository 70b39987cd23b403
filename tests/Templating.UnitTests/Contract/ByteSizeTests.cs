using CsCheck;
using Templating.Contract;

namespace Templating.UnitTests.Contract;

/// <summary>One table for every place where a size is written; what a Kubernetes quantity means, it means here too.</summary>
public sealed class ByteSizeTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("4096", 4096)]
    [InlineData("4096B", 4096)]
    [InlineData("+1Ki", 1 << 10)]
    [InlineData("256Mi", 256L << 20)]
    [InlineData("256MiB", 256L << 20)]
    [InlineData("256 mib", 256L << 20)]
    [InlineData("1Gi", 1L << 30)]
    [InlineData("1.5Gi", 3L << 29)]
    [InlineData("0.5GiB", 1L << 29)]
    [InlineData(".5Gi", 1L << 29)]
    [InlineData("1.Ki", 1 << 10)]
    [InlineData("8Ti", 8L << 40)]
    [InlineData("2Pi", 2L << 50)]
    [InlineData("7Ei", 7L << 60)]
    [InlineData("7EiB", 7L << 60)]
    [InlineData("1k", 1_000)]
    [InlineData("256M", 256_000_000)]
    [InlineData("1G", 1_000_000_000)]
    [InlineData("1.5T", 1_500_000_000_000)]
    [InlineData("2P", 2_000_000_000_000_000)]
    [InlineData("9E", 9_000_000_000_000_000_000)]
    [InlineData("1e9", 1_000_000_000)]
    [InlineData("1E3", 1_000)]
    [InlineData("12000e-3", 12)]
    [InlineData("9223372036854775807", long.MaxValue)]
    public void ASizeIsReadAsKubernetesReadsIt(string text, long bytes)
    {
        ByteSize.TryParse(text, out var found).ShouldBeTrue();
        found.ShouldBe(bytes);
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData(".")]
    [InlineData("Mi")]
    [InlineData("MiB")]
    [InlineData("-1")]
    [InlineData("-1Gi")]
    [InlineData("1K")] // 1024 to some, 1000 to others
    [InlineData("1KB")]
    [InlineData("1MB")]
    [InlineData("1gb")]
    [InlineData("1m")] // a thousandth of a byte to Kubernetes, a mega to who mistypes
    [InlineData("1g")]
    [InlineData("1gi")]
    [InlineData("1MI")]
    [InlineData("1mI")]
    [InlineData("1b")]
    [InlineData("1 Mi")]
    [InlineData("1 G")]
    [InlineData("1Mi ")]
    [InlineData("1MiBs")]
    [InlineData("1.2.3Gi")]
    [InlineData("1.3B")]
    [InlineData("0.1Ki")]
    [InlineData("1e")]
    [InlineData("1e19")]
    [InlineData("9999999999999999999999999999e-1")]
    [InlineData("1e-1")]
    [InlineData("1e+")]
    [InlineData("1e99999999999")]
    [InlineData("8Ei")]
    [InlineData("10E")]
    [InlineData("9000000TiB")]
    [InlineData("9223372036854775808")]
    [InlineData("99999999999999999999999999999999999999Ki")]
    [InlineData("1,000")]
    [InlineData("٣Mi")]
    public void WhatMeansNothingSureIsRefused(string text) => ByteSize.TryParse(text, out _).ShouldBeFalse();

    [Fact]
    public void NoTextMakesItThrow() => Gen.String.Sample(text => { _ = ByteSize.TryParse(text, out _); });

    [Fact]
    public void WhatIsPrintedOfWholeUnitsIsReadAgain() => Gen.Select(Gen.Int[0, 1023], Gen.Int[0, 4]).Sample((count, unit) =>
    {
        var bytes = (long)count << (10 * unit);
        ByteSize.TryParse(ByteSize.Format(bytes), out var again).ShouldBeTrue();
        again.ShouldBe(bytes);
    });
}
