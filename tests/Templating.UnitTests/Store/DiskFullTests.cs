using Templating.Core.Errors;
using Templating.Core.Machines;
using Templating.Core.Templates;

namespace Templating.UnitTests.Store;

/// <summary>On a real, small filesystem.</summary>
public sealed class DiskFullTests : IDisposable
{
    private readonly SmallDisk _folder = new();

    public void Dispose() => _folder.Dispose();

    [SmallDiskFact]
    public void AMemoryForWhichThereIsNoRoomIsRefusedBeforeTheGuestStarts()
    {
        using var fixture = new StoreFixture(_folder.At("s"));
        FillDisk();
        var error = Should.Throw<TemplatingException>(() => fixture.Store.Stage(StoreFixture.MemoryBytes, owner: null));
        error.Code.ShouldBe(ErrorCode.DiskFull);
        error.Details["free_bytes"].ShouldBe("0");
        Directory.GetFileSystemEntries(fixture.Staging).ShouldBeEmpty();
    }

    /// <summary>Nothing that is deleted makes room for it: a retry does not help.</summary>
    [SmallDiskFact]
    public void AMemoryLargerThanTheDiskIsNoMatterOfRoom()
    {
        using var fixture = new StoreFixture(_folder.At("s"));
        var error = Should.Throw<TemplatingException>(() => fixture.Store.Stage(64 * MachineSpec.MiB, owner: null));
        error.Code.ShouldBe(ErrorCode.NodeTooSmall);
        error.Message.ShouldContain("--store-path");
        Directory.GetFileSystemEntries(fixture.Staging).ShouldBeEmpty();
    }

    [SmallDiskFact]
    public void WhatBuildsUnderWayMayYetWriteIsNotPromisedTwice()
    {
        using var fixture = new StoreFixture(_folder.At("s"));
        using (fixture.Store.Stage(StoreFixture.MemoryBytes, owner: null))
        {
            Should.Throw<TemplatingException>(() => fixture.Store.Stage(StoreFixture.MemoryBytes, owner: null)).Code.ShouldBe(ErrorCode.DiskFull);
        }

        fixture.Store.Stage(StoreFixture.MemoryBytes, owner: null).Dispose();
    }

    [SmallDiskFact]
    public async Task ADiskThatFillsUpDuringPublicationLeavesNothing()
    {
        using var fixture = new StoreFixture(_folder.At("s"));
        using (var staged = fixture.Store.Stage(StoreFixture.MemoryBytes, owner: null))
        {
            StoreFixture.Fill(staged);
            var error = await Should.ThrowAsync<TemplatingException>(() => staged.PublishAsync(
                (m, s) =>
                {
                    FillDisk();
                    return Manifests.Sound() with { Memory = m, State = s };
                },
                CancellationToken.None));
            error.Code.ShouldBe(ErrorCode.DiskFull);
            error.Message.ShouldContain(staged.Path);
        }

        Directory.GetFileSystemEntries(fixture.Staging).ShouldBeEmpty();
        fixture.Store.List(null).ShouldBeEmpty();
    }

    [SmallDiskFact]
    public async Task AnImageThatDoesNotFitLeavesNothing()
    {
        using var fixture = new StoreFixture(_folder.At("s"));
        var image = fixture.Folder.At("big.img");
        var bytes = new byte[48 * 1024 * 1024];
        bytes.AsSpan().Fill(1);
        await File.WriteAllBytesAsync(image, bytes);
        using var staged = fixture.Store.Stage(StoreFixture.MemoryBytes, owner: null);
        (await Should.ThrowAsync<TemplatingException>(() => staged.ImportImageAsync(image, GuestFilePolicy.Anywhere, CancellationToken.None)))
            .Code.ShouldBe(ErrorCode.DiskFull);
        Directory.GetFileSystemEntries(fixture.Staging).Length.ShouldBe(1);
        Directory.GetFileSystemEntries(Path.Combine(fixture.Root, "images")).ShouldBeEmpty();
    }

    private void FillDisk()
    {
        using var filler = File.Create(_folder.At("filler"));
        var block = new byte[4096];
        try
        {
            while (true)
            {
                filler.Write(block);
                filler.Flush();
            }
        }
        catch (IOException)
        {
            // Full: that was the aim.
        }
    }
}
