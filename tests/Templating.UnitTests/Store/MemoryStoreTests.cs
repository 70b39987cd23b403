using Templating.Core.Capacity;
using Templating.Core.Errors;
using Templating.Core.Linux;

namespace Templating.UnitTests.Store;

/// <summary>A store whose file system is the host's memory: what a clone writes must not make the template's files grow.</summary>
public sealed class MemoryStoreTests
{
    [SmallDiskFact]
    public async Task TemplateHasAllItsBlocksFromTheBeginning()
    {
        using var disk = new SmallDisk();
        using var fixture = new StoreFixture(disk.At("s"));
        var image = fixture.MakeImage("image", 7);

        var revision = await fixture.PublishAsync(images: image);

        StampOf(revision.MemoryPath).AllocatedBytes.ShouldBe(StoreFixture.MemoryBytes);
        StampOf(fixture.Store.ImagePath(revision.Manifest.Images[0])).AllocatedBytes.ShouldBe(2 << 20);
        fixture.Store.MemoryBytes.ShouldBe(StoreFixture.MemoryBytes + revision.Manifest.State.Size + (2 << 20));
        (await fixture.Store.VerifyAsync(revision.Name, null, CancellationToken.None)).ShouldBeEmpty();
    }

    [Fact]
    public async Task TemplateOnADiskHasHolesAndTakesNoMemory()
    {
        using var fixture = new StoreFixture();

        var revision = await fixture.PublishAsync();

        StampOf(revision.MemoryPath).AllocatedBytes.ShouldBeLessThan(StoreFixture.MemoryBytes / 8);
        fixture.Store.MemoryBytes.ShouldBe(0);
    }

    /// <summary>Copied there from a backup, with its holes, or built by an earlier version.</summary>
    [SmallDiskFact]
    public async Task HolesOfATemplateThatWasBuiltElsewhereAreFilledBeforeItsFirstUse()
    {
        using var disk = new SmallDisk();
        using var fixture = new StoreFixture(disk.At("s"));
        var revision = await fixture.PublishAsync();
        Punch(revision.MemoryPath, 16 << 20, 8 << 20);
        StampOf(revision.MemoryPath).AllocatedBytes.ShouldBe(StoreFixture.MemoryBytes - (8 << 20));
        var mode = StampOf(revision.MemoryPath).Mode;

        await fixture.Store.EnsureVerifiedAsync(revision, CancellationToken.None);

        StampOf(revision.MemoryPath).AllocatedBytes.ShouldBe(StoreFixture.MemoryBytes);
        StampOf(revision.MemoryPath).Mode.ShouldBe(mode);
        fixture.Store.List(null).ShouldHaveSingleItem().AllocatedBytes.ShouldBeGreaterThan(StoreFixture.MemoryBytes);
    }

    [SmallDiskFact]
    public async Task TemplateWhoseHolesFindNoRoomIsRefusedAndNotStarted()
    {
        using var disk = new SmallDisk();
        using var fixture = new StoreFixture(disk.At("s"));
        var revision = await fixture.PublishAsync();
        Punch(revision.MemoryPath, 8 << 20, 16 << 20);
        await using (var filler = new FileStream(disk.At("filler"), FileMode.CreateNew, FileAccess.Write))
        {
            await filler.WriteAsync(new byte[20 << 20]);
        }

        (await Should.ThrowAsync<TemplatingException>(fixture.Store.EnsureVerifiedAsync(revision, CancellationToken.None))).Code.ShouldBe(ErrorCode.DiskFull);
        File.Delete(disk.At("filler"));
        await fixture.Store.EnsureVerifiedAsync(revision, CancellationToken.None);

        StampOf(revision.MemoryPath).AllocatedBytes.ShouldBe(StoreFixture.MemoryBytes);
    }

    [SmallDiskFact]
    public void WhatHolesCostIsTriedAndNotRead()
    {
        using var disk = new SmallDisk();
        using var folder = new TempFolder();

        Holes.AreFree(disk.At("")).ShouldBeFalse();
        Holes.AreFree(folder.Path).ShouldBeTrue();
        Directory.EnumerateFileSystemEntries(disk.At("")).ShouldBeEmpty();
        File.WriteAllBytes(disk.At("filler"), new byte[39 << 20]);
        Should.Throw<IOException>(() => File.WriteAllBytes(disk.At("rest"), new byte[2 << 20]));
        Holes.AreFree(disk.At("")).ShouldBeFalse("the page that it asks for finds no room, and nobody is killed for it");
    }

    [Fact]
    public void WhatAStoreInMemoryTakesIsNotFreeForVms()
    {
        var capacity = new NodeCapacity(new CapacityOptions { BudgetBytes = 1024L << 20 }) { Besides = () => 700L << 20 };

        using var charge = capacity.Charge("a", 256L << 20);
        var refused = Should.Throw<TemplatingException>(() => capacity.Charge("a", 256L << 20));

        refused.Code.ShouldBe(ErrorCode.NodeMemoryExhausted);
        refused.Message.ShouldContain("take 700 MiB");
        refused.Message.ShouldContain("4 MiB of 1024 MiB are free");
        capacity.View.ChargedBytes.ShouldBe((700L + 320) << 20);
    }

    private static FileStamp StampOf(string path) => FileStamp.TryRead(path)!.Value;

    private static void Punch(string path, long offset, long length)
    {
        var mode = File.GetUnixFileMode(path);
        File.SetUnixFileMode(path, FileSystem.OwnerOnlyFile);
        using (var file = FileSystem.Open(path, LibC.OpenReadWrite))
        {
            // What lies there is zeros: StoreFixture writes none.
            LibC.Fallocate(file, LibC.FallocatePunchHole | LibC.FallocateKeepSize, offset, length).ShouldBe(0);
        }

        File.SetUnixFileMode(path, mode);
    }
}
