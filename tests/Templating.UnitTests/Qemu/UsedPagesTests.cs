using System.IO.MemoryMappedFiles;
using CsCheck;
using Templating.Core.Machines;
using Templating.Qemu.Memory;
using Templating.Testing;

namespace Templating.UnitTests.Qemu;

public sealed class UsedPagesTests
{
    private const int Page = UsedPages.PageBytes;

    [Fact]
    public void PagesThatLieCloseTogetherAreOnePartAndOthersAreNot()
    {
        UsedPages.Merge([(40, 40), (0, 3), (3 + UsedPages.Gap, 12)]).ShouldBe([new FileRange(0, 13 * Page), new FileRange(40 * Page, Page)]);
        UsedPages.Merge([(0, 0), (1 + UsedPages.Gap, 1 + UsedPages.Gap)]).ShouldHaveSingleItem();
        UsedPages.Merge([(0, 0), (2 + UsedPages.Gap, 2 + UsedPages.Gap)]).Count.ShouldBe(2);
        UsedPages.Merge([]).ShouldBeEmpty();
    }

    [Fact]
    public void NoPageIsLostInHoweverManyParts() =>
        Gen.Int[0, 1 << 20].Select(Gen.Int[0, 40]).Array[0, 3000].Sample(runs =>
        {
            var ranges = UsedPages.Merge([.. runs.Select(run => ((long)run.Item1, (long)(run.Item1 + run.Item2)))]);
            ranges.Count.ShouldBeLessThanOrEqualTo(UsedPages.MostRanges);
            ranges.Zip(ranges.Skip(1)).ShouldAllBe(pair => pair.First.Offset + pair.First.Length < pair.Second.Offset);
            runs.ShouldAllBe(run => ranges.Any(
                range => range.Offset <= (long)run.Item1 * Page && (long)(run.Item1 + run.Item2 + 1) * Page <= range.Offset + range.Length));
        }, iter: 30);

    [Fact]
    public void WhatAProcessHasReadOfAFileIsToldAndTheRestIsNot()
    {
        const int pages = 16 * 1024;
        using var folder = new TempFolder();
        var path = Path.Combine(folder.Path, "memory");
        File.WriteAllBytes(path, new byte[pages * Page]);
        using var file = MemoryMappedFile.CreateFromFile(path, FileMode.Open);
        using var view = file.CreateViewAccessor();
        view.ReadByte(100 * Page).ShouldBe((byte)0);
        view.ReadByte(3000 * Page).ShouldBe((byte)0);

        var used = UsedPages.Read(Environment.ProcessId, [new GuestFile(Path.Combine(folder.Path, "other"), MemoryRole.Image), new GuestFile(path, MemoryRole.CloneRam)]);

        used[0].ShouldBeEmpty();
        used[1].ShouldContain(range => range.Offset <= 100 * Page && range.Offset + range.Length > 100 * Page);
        used[1].ShouldContain(range => range.Offset <= 3000 * Page && range.Offset + range.Length > 3000 * Page);
        // The kernel maps what lies around a page, too, where it has that: as much as 2 MiB.
        used[1].Sum(range => range.Length).ShouldBeLessThan(pages / 4 * Page);
    }
}
