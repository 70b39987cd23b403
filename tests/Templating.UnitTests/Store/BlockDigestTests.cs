using System.Security.Cryptography;
using Templating.Core.Linux;
using Templating.Core.Store;

namespace Templating.UnitTests.Store;

public sealed class BlockDigestTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>As docs/store-format.md has it, written down a second time.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(4096)]
    [InlineData(300_000)]
    public void ItIsWhatTheFormatSays(int length)
    {
        var bytes = new byte[length];
        RandomNumberGenerator.Fill(bytes.AsSpan(0, Math.Min(length, 100)));
        RandomNumberGenerator.Fill(bytes.AsSpan(length / 2));
        var hashed = new List<byte>();
        for (var block = 0; block * 4096 < length; block++)
        {
            var part = bytes.AsSpan(block * 4096, Math.Min(4096, length - (block * 4096)));
            if (part.ContainsAnyExcept((byte)0))
            {
                hashed.AddRange(BitConverter.GetBytes((long)block));
                hashed.AddRange(part);
            }
        }

        hashed.AddRange(BitConverter.GetBytes((long)length));

        Of(Write("f", bytes)).ShouldBe(Convert.ToHexStringLower(SHA256.HashData([.. hashed])));
    }

    [Fact]
    public void HolesAndWrittenZerosAreTheSame()
    {
        var bytes = new byte[1 << 20];
        bytes.AsSpan(5000, 20).Fill(1);
        bytes[^1] = 1;
        var written = Write("written", bytes);
        var sparse = _folder.At("sparse");
        using (var file = File.OpenHandle(sparse, FileMode.CreateNew, FileAccess.Write))
        {
            RandomAccess.SetLength(file, bytes.Length);
            RandomAccess.Write(file, bytes.AsSpan(5000, 20), 5000);
            RandomAccess.Write(file, bytes.AsSpan(bytes.Length - 1), bytes.Length - 1);
        }

        FileStamp.TryRead(sparse)!.Value.AllocatedBytes.ShouldBeLessThan(FileStamp.TryRead(written)!.Value.AllocatedBytes);
        Of(sparse).ShouldBe(Of(written));
    }

    [Theory]
    [InlineData(5000)]
    [InlineData(500_000)]
    [InlineData((1 << 20) - 1)]
    public void EveryByteAndTheLengthCount(int at)
    {
        var bytes = new byte[1 << 20];
        bytes.AsSpan(5000, 20).Fill(1);
        var before = Of(Write("f", bytes));
        bytes[at] ^= 0x80;

        Of(Write("f", bytes)).ShouldNotBe(before);
        bytes[at] ^= 0x80;
        Of(Write("f", bytes)).ShouldBe(before);
        Of(Write("f", [.. bytes, .. new byte[4096]])).ShouldNotBe(before);
    }

    /// <summary>Read from end to end it would take hours.</summary>
    [Fact]
    public void HolesTakeNoTime()
    {
        var path = _folder.At("huge");
        using (var file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write))
        {
            RandomAccess.SetLength(file, 8L << 40);
            RandomAccess.Write(file, new byte[] { 1 }, 4L << 40);
        }

        Of(path).Length.ShouldBe(64);
    }

    private string Write(string name, byte[] bytes)
    {
        var path = _folder.At(name);
        File.WriteAllBytes(path, bytes);
        return path;
    }

    private static string Of(string path)
    {
        using var file = FileSystem.Open(path, LibC.OpenReadOnly);
        return BlockDigest.Compute(file, path, progress: null, CancellationToken.None);
    }
}
