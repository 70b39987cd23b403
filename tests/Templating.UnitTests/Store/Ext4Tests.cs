using Templating.Core.Store;
using Templating.Testing.Nodes;

namespace Templating.UnitTests.Store;

public sealed class Ext4Tests
{
    private const long MiB = 1 << 20;

    /// <summary>One group and many, whole and cut short, and those of which the last group would be too small to be one.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(64)]
    [InlineData(127)]
    [InlineData(128)]
    [InlineData(129)]
    [InlineData(131)]
    [InlineData(132)]
    [InlineData(256)]
    [InlineData(1000)]
    [InlineData(20 << 10)]
    [InlineData(1 << 20)]
    public async Task TheCheckerOfExt4FindsNoFault(long mebibytes)
    {
        using var folder = new TempFolder();
        var path = Path.Combine(folder.Path, "disk");
        using (var file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite))
        {
            RandomAccess.SetLength(file, mebibytes * MiB);

            Ext4.Write(file, mebibytes * MiB);

            Core.Linux.FileStamp.Read(file, path).AllocatedBytes.ShouldBeLessThan(64 * 1024 + mebibytes * 1024, "it is sparse still");
        }

        var check = await Programs.RunAsync("e2fsck", ["-fn", path], CancellationToken.None);
        check.ExitCode.ShouldBe(0, check.Output + check.Error);
    }
}
