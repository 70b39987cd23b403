using Templating.Core.Clones;
using Templating.Core.Errors;
using Templating.Core.Images;
using Templating.Core.Machines;
using Templating.Core.Names;
using Templating.Testing.Fakes;

namespace Templating.UnitTests.Clones;

public sealed class ClonePlugTests : IAsyncLifetime
{
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
