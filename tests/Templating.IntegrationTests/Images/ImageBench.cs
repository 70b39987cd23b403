using Microsoft.Extensions.Logging.Abstractions;
using Templating.Core.Capacity;
using Templating.Core.Images;
using Templating.Qemu.Images;
using Templating.Testing;
using Templating.Testing.Nodes;

namespace Templating.IntegrationTests.Images;

/// <summary>A cache with the real mkfs.erofs, folders to publish, and a place to mount images at.</summary>
internal sealed class ImageBench : IAsyncDisposable
{
    private readonly ErofsBuilder _builder;
    private bool _isMounted;

    public ImageBench(Func<ImageOptions, ImageOptions>? change = null)
    {
        Directory.CreateDirectory(Trees);
        Directory.CreateDirectory(Mount);
        _builder = new ErofsBuilder(Users, TimeProvider.System);
        var options = new ImageOptions { Root = Root, Folders = [Trees] };
        Cache = new ImageCache(change?.Invoke(options) ?? options, _builder, TestMetrics.Create(), TimeProvider.System, NullLogger<ImageCache>.Instance);
    }

    public VmUserPool Users { get; } = new(1_900_000_000, 8);

    public TempFolder Folder { get; } = new();

    public ImageCache Cache { get; }

    public string Root => Folder["layers"];

    public string Trees => Folder["trees"];

    public string Mount => Folder["mount"];

    public string PathOf(ImageView image) => Path.Combine(Root, image.Digest);

    /// <summary>Makes files as root would, in the folder of the trees.</summary>
    public Task<string> MakeAsync(string script) => ShellAsync($"set -e; cd {Trees}; {script}");

    public static async Task<string> ShellAsync(string script)
    {
        var result = await Programs.RunAsync("/bin/bash", ["-c", script], CancellationToken.None);
        result.ExitCode.ShouldBe(0, result.Error);
        return result.Output;
    }

    public Task<ImageView> PublishAsync(params string[] layers) =>
        Cache.PublishAsync("a", new ImageSource.Layers([.. layers.Select(layer => Path.Combine(Trees, layer))]), CancellationToken.None);

    public async Task MountAsync(ImageView image)
    {
        await ShellAsync($"mount -t erofs -o ro,loop {PathOf(image)} {Mount}");
        _isMounted = true;
    }

    public async ValueTask DisposeAsync()
    {
        if (_isMounted)
        {
            await ShellAsync($"umount {Mount}");
        }

        _builder.Dispose();
        // By rm: of names that are no UTF-8 .NET knows nothing.
        await ShellAsync($"rm -rf {Trees}");
        Folder.Dispose();
    }
}
