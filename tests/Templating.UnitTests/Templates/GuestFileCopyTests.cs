using Templating.Core.Building;
using Templating.Core.Errors;
using Templating.Core.Linux;
using Templating.Core.Machines;
using Templating.Core.Templates;
using Templating.UnitTests.Store;

namespace Templating.UnitTests.Templates;

public sealed class GuestFileCopyTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task FileOfTheLargestSizeIsCopiedForItsReaderAlone()
    {
        var digest = await CopyAsync(size: 100_000, most: 100_000);

        digest.Size.ShouldBe(100_000);
        File.ReadAllBytes(_folder.At("copy")).ShouldBe(File.ReadAllBytes(_folder.At("kernel")));
        File.GetUnixFileMode(_folder.At("copy")).ShouldBe(UnixFileMode.UserRead);
    }

    [Fact]
    public async Task FileThatIsAByteTooLargeIsRefusedBeforeAnythingIsWritten()
    {
        var refused = await Should.ThrowAsync<TemplatingException>(CopyAsync(size: 100_001, most: 100_000));

        var fault = refused.Violations.ShouldHaveSingleItem();
        fault.Field.ShouldBe("spec.guest.kernel_path");
        fault.Description.ShouldContain("has 100001 bytes; at most 100000");
        File.Exists(_folder.At("copy")).ShouldBeFalse();
    }

    [RootFact]
    public async Task CopyBelongsToTheVmsUser()
    {
        await CopyAsync(size: 10, most: 10, new VmUser(2_000_000_007, 2_000_000_000));

        FileStamp.TryRead(_folder.At("copy"))!.Value.Uid.ShouldBe(2_000_000_007u);
    }

    private async Task<Core.Store.FileDigest> CopyAsync(int size, long most, VmUser? owner = null)
    {
        await File.WriteAllBytesAsync(_folder.At("kernel"), [.. Enumerable.Range(0, size).Select(i => (byte)i)]);
        return await new GuestFileCopy(_folder.At("copy"), most, (_, _) => null, owner)
            .CopyAsync("spec.guest.kernel_path", _folder.At("kernel"), GuestFilePolicy.Anywhere, CancellationToken.None);
    }
}
