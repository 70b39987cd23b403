using Templating.Contract;
using Templating.Core.Machines;
using Templating.Core.Templates;
using Templating.Testing.Fakes;
using Templating.UnitTests.Store;

namespace Templating.UnitTests.Templates;

public sealed class GuestFilesTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly string _guests;
    private readonly string _kernel;

    public GuestFilesTests()
    {
        _guests = _folder.At("guests");
        Directory.CreateDirectory(_guests);
        _kernel = Path.Combine(_guests, "vmlinuz");
        File.WriteAllBytes(_kernel, FakeBootFiles.Kernel);
    }

    private GuestFilePolicy Policy => new() { Folders = [_guests] };

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void FilesInTheFolderAreAllowed()
    {
        var image = Make("root.img", 2 * 1024 * 1024);
        Validate(Policy, _kernel, image).ShouldBeEmpty();
    }

    [Fact]
    public void FilesElsewhereAreRefusedHoweverTheyAreReached()
    {
        var outside = _folder.At("shadow");
        File.WriteAllBytes(outside, FakeBootFiles.Kernel);
        var link = Path.Combine(_guests, "link");
        File.CreateSymbolicLink(link, outside);
        var folderLink = Path.Combine(_guests, "up");
        Directory.CreateSymbolicLink(folderLink, _folder.Path);
        // A folder whose name begins with the allowed one's.
        Directory.CreateDirectory(_guests + "-not");
        var beside = Path.Combine(_guests + "-not", "k");
        File.WriteAllText(beside, "x");
        foreach (var path in new[] { outside, link, Path.Combine(folderLink, "shadow"), beside, "/etc/shadow", "/etc/no-such-file" })
        {
            Validate(Policy, path).ShouldHaveSingleItem().ShouldContain("does not lie");
        }

        Validate(GuestFilePolicy.Anywhere, outside).ShouldBeEmpty();
    }

    /// <summary>Sparse: an 8 GiB file that takes no room where it lies would take 8 GiB where it is copied to.</summary>
    [Theory]
    [InlineData(0, true)]
    [InlineData(1, false)]
    public void KernelAndInitrdHaveALimit(long more, bool allowed)
    {
        var (kernel, initrd) = (Path.Combine(_guests, "big-kernel"), Path.Combine(_guests, "big-initrd"));
        FakeBootFiles.Write(kernel, FakeBootFiles.Kernel, FileLimits.MaxKernelBytes + more);
        FakeBootFiles.Write(initrd, FakeBootFiles.Initrd, FileLimits.MaxInitrdBytes + more);

        var faults = GuestFiles.ValidateFiles(
            new TemplateSpec { Guest = new GuestSpec { KernelPath = kernel, InitrdPath = initrd }, Machine = new MachineSpec { MemoryBytes = 32 * MachineSpec.MiB } }, Policy);

        faults.Select(f => f.Field).ShouldBe(allowed ? [] : ["spec.guest.kernel_path", "spec.guest.initrd_path"]);
        faults.ShouldAllBe(f => f.Description.Contains("are allowed", StringComparison.Ordinal));
    }

    [Fact]
    public void NothingIsAllowedWhereNoFolderIs()
    {
        Validate(new GuestFilePolicy { Folders = [] }, _kernel).ShouldHaveSingleItem();
        Validate(new GuestFilePolicy(), _kernel).ShouldHaveSingleItem().ShouldContain(Defaults.GuestFolders[1]);
    }

    [Fact]
    public void AnAllowedFolderMayBeALinkOfTheOperators()
    {
        var alias = _folder.At("alias");
        Directory.CreateSymbolicLink(alias, _guests);
        Validate(new GuestFilePolicy { Folders = [alias + "/"] }, Path.Combine(alias, "vmlinuz")).ShouldBeEmpty();
    }

    [Fact]
    public void WhatIsNoRegularFileIsRefused()
    {
        Validate(Policy, Path.Combine(_guests, "missing")).ShouldHaveSingleItem().ShouldContain("cannot be opened");
        Validate(Policy, Make("empty", 0)).ShouldHaveSingleItem().ShouldContain("empty");
        var folder = Path.Combine(_guests, "folder");
        Directory.CreateDirectory(folder);
        Validate(Policy, folder).ShouldHaveSingleItem().ShouldContain("a folder");
        Validate(GuestFilePolicy.Anywhere, "/dev/null").ShouldHaveSingleItem().ShouldContain("a special file");
    }

    [Theory]
    [InlineData(2 * 1024 * 1024, true)]
    [InlineData((2 * 1024 * 1024) - 512, false)]
    [InlineData((2 * 1024 * 1024) + 4096, false)]
    public void AnImageIsAMultipleOf2MiB(int size, bool sound) =>
        Validate(Policy, _kernel, Make("image", size)).Count.ShouldBe(sound ? 0 : 1);

    private static IReadOnlyList<string> Validate(GuestFilePolicy policy, string kernel, params string[] images) =>
        [.. GuestFiles.ValidateFiles(new TemplateSpec { Guest = new GuestSpec { KernelPath = kernel, ImagePaths = images } }, policy)
            .Select(v => v.Description)];

    private string Make(string name, int size)
    {
        var path = Path.Combine(_guests, name);
        File.WriteAllBytes(path, new byte[size]);
        return path;
    }
}
