using Templating.Core.Machines;
using Templating.Node.Mapping;
using Templating.V1;

namespace Templating.UnitTests.Node.Mapping;

public sealed class UsedPartsMappingTests
{
    [Fact]
    public void WhatIsWrittenIsReadAgain()
    {
        IReadOnlyList<IReadOnlyList<FileRange>> used = [[new FileRange(0, 4096), new FileRange(8192, 8192)], []];

        var read = UsedPartsMapping.Read(Said([.. UsedPartsMapping.ToWire(used)]), [16384, 4096]).ShouldNotBeNull();

        read.Select(ranges => ranges.ToArray()).ShouldBe(used.Select(ranges => ranges.ToArray()));
    }

    [Theory]
    [InlineData(-1, 4096)]
    [InlineData(0, 0)]
    [InlineData(0, -4096)]
    [InlineData(0, 16385)]
    [InlineData(16384, 1)]
    [InlineData(long.MaxValue, long.MaxValue)]
    [InlineData(4096, long.MaxValue)]
    public void APartBeyondItsFileMakesAllOfItNothing(long offset, long length) =>
        UsedPartsMapping.Read(Said(new UsedParts { Offsets = { 0, offset }, Lengths = { 4096, length } }), [16384]).ShouldBeNull();

    [Fact]
    public void AnotherNumberOfFilesOrOfEndsOrTooManyPartsMakeAllOfItNothing()
    {
        UsedPartsMapping.Read(Said(), [16384]).ShouldBeNull();
        UsedPartsMapping.Read(Said(new UsedParts(), new UsedParts()), [16384]).ShouldBeNull();
        UsedPartsMapping.Read(Said(new UsedParts { Offsets = { 0 } }), [16384]).ShouldBeNull();
        var many = Enumerable.Repeat(1L, UsedPartsMapping.MostRanges + 1).ToList();
        UsedPartsMapping.Read(Said(new UsedParts { Offsets = { many }, Lengths = { many } }), [16384]).ShouldBeNull();
    }

    private static Google.Protobuf.Collections.RepeatedField<UsedParts> Said(params UsedParts[] parts) => [.. parts];
}
