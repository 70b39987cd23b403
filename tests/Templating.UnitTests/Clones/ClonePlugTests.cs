using Templating.Core.Clones;
using Templating.Core.Errors;
using Templating.Core.Images;
using Templating.Core.Machines;
using Templating.Core.Names;
using Templating.Testing.Fakes;

namespace Templating.UnitTests.Clones;

public sealed class ClonePlugTests : IAsyncLifetime
{
    private const long DiskBytes = 1L << 20;

    private static readonly string Digest = new('a', 64);

    private readonly Cache _images = new();
    private FakeNode _node;
    private CloneName _clone;

    public ClonePlugTests() => _node = new FakeNode(images: _images);

    public async Task InitializeAsync()
    {
        await _node.StartAsync();
        await _node.BuildAsync();
        _clone = (await _node.Clones.CreateAsync(new CreateClone { Template = new TemplateName("a", "t") }, CancellationToken.None)).Name;
    }

    public async Task DisposeAsync()
    {
        await _node.DisposeAsync();
        _images.Dispose();
    }

    [Fact]
    public async Task APluggedImageIsToldAndHeldUntilTheCloneEnds()
    {
        var device = await PlugAsync();

        device.Digest.ShouldBe(Digest);
        _node.Clones.Get(_clone).Devices.ShouldBe([device]);
        _images.Held.ShouldBe(["a/" + Digest]);
        await _node.Clones.DeleteAsync(_clone, TimeSpan.Zero, CancellationToken.None);
        _images.Held.ShouldBeEmpty();
    }

    [Fact]
    public async Task AnImageThatCannotBePluggedIsNotHeld()
    {
        _node.Vmm.FailAt("plug", ErrorCode.QmpFailed, "QEMU refused 'device_add'.");

        (await Should.ThrowAsync<TemplatingException>(PlugAsync())).Code.ShouldBe(ErrorCode.QmpFailed);

        _images.Held.ShouldBeEmpty();
        _node.Clones.Get(_clone).Devices.ShouldBeNull();
    }

    [Fact]
    public async Task TheNextDaemonHoldsWhatWasPlugged()
    {
        var device = await PlugAsync();
        _images.Held.Clear();

        _node = await _node.RestartAsync();

        _images.Held.ShouldBe(["a/" + Digest]);
        _node.Clones.Get(_clone).Devices.ShouldBe([device]);
    }

    [Fact]
    public async Task AnImageThatIsGoneFromTheCacheEndsNoClone()
    {
        await PlugAsync();
        _images.IsEmpty = true;

        _node = await _node.RestartAsync();

        _node.Clones.Get(_clone).State.ShouldBe(Core.Vms.VmState.Running);
    }

    [Fact]
    public async Task NothingIsPluggedIntoAPausedClone()
    {
        await _node.Clones.PauseAsync(_clone, CancellationToken.None);

        (await Should.ThrowAsync<TemplatingException>(PlugAsync())).Code.ShouldBe(ErrorCode.IllegalState);

        _images.Held.ShouldBeEmpty();
    }

    [Fact]
    public async Task ADiskIsAFileWithoutANameWhoseRoomIsPromisedUntilItIsUnplugged()
    {
        var free = _node.Store.PromisedBytes;

        var device = await PlugDiskAsync();

        device.Serial.ShouldBe("scratch");
        _node.Clones.Get(_clone).Devices.ShouldBe([device]);
        Directory.EnumerateFileSystemEntries(_node.Store.StagingFolder).ShouldBeEmpty("whatever becomes of the daemon, it ends with its last descriptor");
        _node.Store.PromisedBytes.ShouldBe(free + DiskBytes);
        await _node.Clones.UnplugAsync(_clone, device.Id, CancellationToken.None);
        _node.Clones.Get(_clone).Devices.ShouldBeNull();
        _node.Store.PromisedBytes.ShouldBe(free);
    }

    [Fact]
    public async Task ADiskIsGoneWithItsClone()
    {
        await PlugDiskAsync();

        await _node.Clones.DeleteAsync(_clone, TimeSpan.Zero, CancellationToken.None);

        _node.Store.PromisedBytes.ShouldBe(0);
    }

    [Fact]
    public async Task ADiskThatCannotBePluggedIsGone()
    {
        _node.Vmm.FailAt("plug_disk", ErrorCode.QmpFailed, "QEMU refused 'blockdev-add'.");

        (await Should.ThrowAsync<TemplatingException>(PlugDiskAsync())).Code.ShouldBe(ErrorCode.QmpFailed);

        _node.Store.PromisedBytes.ShouldBe(0);
        _node.Clones.Get(_clone).Devices.ShouldBeNull();
    }

    [Fact]
    public async Task ADiskThatTheGuestDoesNotLetGoOfStaysAndIsTold()
    {
        var device = await PlugDiskAsync();
        _node.Vmm.FailAt("unplug", ErrorCode.IllegalState, "The guest did not let go.");

        await Should.ThrowAsync<TemplatingException>(_node.Clones.UnplugAsync(_clone, device.Id, CancellationToken.None));

        _node.Clones.Get(_clone).Devices.ShouldBe([device]);
        _node.Store.PromisedBytes.ShouldBe(DiskBytes);
    }

    [Fact]
    public async Task MoreThanTheFileSystemHasIsRefusedWithWhatIsFree()
    {
        var error = await Should.ThrowAsync<TemplatingException>(_node.Clones.PlugDiskAsync(_clone, new PlugDisk(1L << 50, "scratch"), CancellationToken.None));

        error.Code.ShouldBe(ErrorCode.DiskFull);
        error.Details.Keys.ShouldContain("free_bytes");
        _node.Clones.Get(_clone).Devices.ShouldBeNull();
    }

    /// <summary>The fake VM's process is none: that its file is not found must not matter. The real one's is (DeviceTests).</summary>
    [Fact]
    public async Task TheNextDaemonKnowsADiskWhoseFileItDoesNotFind()
    {
        var device = await PlugDiskAsync();

        _node = await _node.RestartAsync();

        _node.Clones.Get(_clone).Devices.ShouldBe([device]);
        await _node.Clones.UnplugAsync(_clone, device.Id, CancellationToken.None);
        _node.Clones.Get(_clone).Devices.ShouldBeNull();
    }

    private Task<PluggedDevice> PlugDiskAsync() => _node.Clones.PlugDiskAsync(_clone, new PlugDisk(DiskBytes, "scratch"), CancellationToken.None);

    private Task<PluggedDevice> PlugAsync() => _node.Clones.PlugImageAsync(_clone, Digest, CancellationToken.None);

    private sealed class Cache : IImageCache, IDisposable
    {
        private readonly string _file = Path.GetTempFileName();

        public List<string> Held { get; } = [];

        public bool IsEmpty { get; set; }

        public ImageLease Acquire(string tenant, string digest)
        {
            if (IsEmpty)
            {
                throw new TemplatingException(ErrorCode.InvalidArgument, "There is no such image.");
            }

            var held = $"{tenant}/{digest}";
            Held.Add(held);
            return new ImageLease(digest, _file, 0, () => Held.Remove(held));
        }

        public void Dispose() => File.Delete(_file);
    }
}
