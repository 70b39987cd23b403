using Microsoft.Win32.SafeHandles;
using Templating.Core.Errors;
using Templating.Core.Images;
using Templating.Core.Linux;
using Templating.Testing;

namespace Templating.UnitTests.Images;

public sealed class TreeScannerTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void EachEntryIsCountedOnceAndWholeBlocks()
    {
        Directory.CreateDirectory(_folder["d/e"]);
        _folder.Write("d/one", "x");
        _folder.Write("d/empty", "");
        File.WriteAllBytes(_folder["big"], new byte[4097]);
        Directory.CreateSymbolicLink(_folder["d/loop"], "..");

        var scan = Scan();

        scan.Inodes.ShouldBe(7, "the root, two folders, three files and a link that is not followed");
        scan.Bytes.ShouldBe((2 + 1 + 2 + 1) * 4096);
    }

    [Fact]
    public void AnyChangeGivesAnotherStampAndNoChangeTheSame()
    {
        Directory.CreateDirectory(_folder["d"]);
        var file = _folder.Write("d/one", "x");
        var before = Scan();
        Scan().ShouldBe(before);

        foreach (var change in (Action[])
            [
                () => File.WriteAllText(file, "y"), () => File.SetUnixFileMode(file, UnixFileMode.UserRead), () => File.Move(file, file + "2"),
                () => File.SetLastWriteTimeUtc(file + "2", DateTime.UnixEpoch), () => File.Delete(file + "2"),
            ])
        {
            change();
            var after = Scan();
            after.Stamp.ShouldNotBe(before.Stamp);
            before = after;
        }
    }

    [Fact]
    public void ALimitIsKeptToTheInodeAndTheByte()
    {
        _folder.Write("one", "x");
        _folder.Write("two", "x");

        Scan(bytes: 8192, inodes: 3).Inodes.ShouldBe(3);
        Should.Throw<TemplatingException>(() => Scan(bytes: 8191, inodes: 3)).Message.ShouldContain("8191");
        Should.Throw<TemplatingException>(() => Scan(bytes: 8192, inodes: 2)).Violations.Single().Field.ShouldBe("f");
    }

    [Fact]
    public void FoldersWithManyNamesAreReadToTheirEnd()
    {
        for (var i = 0; i < 2000; i++)
        {
            _folder.Write($"a-name-that-is-longer-than-most-{i}", "");
        }

        Scan().Inodes.ShouldBe(2001);
    }

    [Fact]
    public void HowDeepItMayBeHasALimit()
    {
        Directory.CreateDirectory(_folder[string.Join('/', Enumerable.Repeat("d", TreeScanner.MaxDepth - 1))]);
        Scan().Inodes.ShouldBe(TreeScanner.MaxDepth);
        Directory.CreateDirectory(_folder[string.Join('/', Enumerable.Repeat("d", TreeScanner.MaxDepth))]);

        Should.Throw<TemplatingException>(() => Scan()).Message.ShouldContain("256 deep");
    }

    private TreeScan Scan(long bytes = 1 << 30, long inodes = 10_000)
    {
        using SafeFileHandle root = FileSystem.Open(_folder.Path, LibC.OpenPath | LibC.OpenDirectory);
        return new TreeScanner("f", bytes, inodes).Scan(root, CancellationToken.None);
    }
}
