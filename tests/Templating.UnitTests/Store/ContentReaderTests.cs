using System.Security.Cryptography;
using CsCheck;
using Templating.Core.Linux;
using Templating.Core.Store;

namespace Templating.UnitTests.Store;

public sealed class ContentReaderTests
{
    /// <summary>What a page may hold: nothing and never written, zeros that were written, one byte, all bytes.</summary>
    private enum Page
    {
        Hole,
        Zeros,
        OneByte,
        Full,
    }

    [Fact]
    public void PunchingChangesNeitherLengthNorContentNorDigest()
    {
        using var folder = new TempFolder();
        Gen.Select(Gen.Enum<Page>().Array[0, 400], Gen.Int[0, 4095], Gen.Int[1, 16]).Sample(
            (pages, tail, repeat) =>
            {
                var path = folder.At("f");
                Write(path, [.. pages.SelectMany(p => Enumerable.Repeat(p, repeat))], tail);
                var before = File.ReadAllBytes(path);
                var expected = new FileDigest(before.Length, Convert.ToHexStringLower(SHA256.HashData(before)));
                Digest(path, punch: false).ShouldBe(expected);
                Digest(path, punch: true).ShouldBe(expected);
                File.ReadAllBytes(path).AsSpan().SequenceEqual(before).ShouldBeTrue();
                var data = pages.Count(p => p is Page.OneByte or Page.Full) * repeat * ContentReader.Block;
                FileStamp.TryRead(path)!.Value.AllocatedBytes.ShouldBeLessThanOrEqualTo(data + (16 * ContentReader.Block));
            },
            iter: 60, threads: 1);
    }

    private static FileDigest Digest(string path, bool punch)
    {
        using var file = FileSystem.Open(path, LibC.OpenReadWrite);
        return new ContentReader(file, path, punch).Read(progress: null, CancellationToken.None);
    }

    private static void Write(string path, Page[] pages, int tail)
    {
        using var file = File.OpenHandle(path, FileMode.Create, FileAccess.Write);
        RandomAccess.SetLength(file, (pages.Length * (long)ContentReader.Block) + tail);
        var page = new byte[ContentReader.Block];
        for (var i = 0; i < pages.Length; i++)
        {
            page.AsSpan().Fill(pages[i] is Page.Full ? (byte)0xA5 : (byte)0);
            page[i % page.Length] = pages[i] is Page.Zeros ? (byte)0 : (byte)1;
            if (pages[i] is not Page.Hole)
            {
                RandomAccess.Write(file, page, i * (long)ContentReader.Block);
            }
        }
    }
}
