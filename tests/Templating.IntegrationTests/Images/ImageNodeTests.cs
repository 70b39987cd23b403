using Grpc.Core;
using Templating.IntegrationTests.Node;
using Templating.Testing;
using Templating.Testing.Nodes;
using Templating.V1;

namespace Templating.IntegrationTests.Images;

/// <summary>Images of the real executable.</summary>
public sealed class ImageNodeTests : NodeTest
{
    private readonly NodeFolder _folder = new();

    [Fact]
    public async Task ADaemonThatIsKilledLeavesNoMakerAndTheNextOneNoHalfImage()
    {
        var trees = Directory.CreateDirectory(_folder["trees"]).FullName;
        await ImageBench.ShellAsync($"cd {trees}; mkdir small large; echo 1 > small/file; truncate -s 6G large/file");
        var settings = new Dictionary<string, string>(StringComparer.Ordinal) { ["IMAGES_FOLDERS"] = trees };
        var layers = Path.Combine(_folder.Store, "layers");
        string digest;
        using (var daemon = NodeDaemon.Launch(_folder, settings))
        {
            await daemon.WaitServingAsync(Limit);
            digest = (await PublishAsync(daemon, Path.Combine(trees, "small"))).Digest;
            await FailsAsync(PublishAsync(daemon, "/etc"), StatusCode.InvalidArgument, "INVALID_ARGUMENT");
            var publishing = PublishAsync(daemon, Path.Combine(trees, "large"));
            var maker = await MakerProcess.WaitAsync(daemon.Pid);

            Signals.Send(daemon.Pid, Signals.Kill);

            await Should.ThrowAsync<Exception>(() => publishing);
            await Eventually.UntilAsync(() => MakerProcess.Field(maker, "Name") is null, "the maker ends with its daemon", cancellationToken: Limit);
            Directory.EnumerateFiles(layers, "*.part").Count().ShouldBe(1);
        }

        using var next = NodeDaemon.Launch(_folder, settings);
        await next.WaitServingAsync(Limit);

        Directory.EnumerateFiles(layers).Select(Path.GetFileName).Order().ShouldBe([digest, digest + ".json"]);
        (await PublishAsync(next, Path.Combine(trees, "small"))).Digest.ShouldBe(digest);
        var listed = await next.Client.Images.ListImagesAsync(new ListImagesRequest { Parent = "tenants/-" }, cancellationToken: Limit);
        listed.Images.Select(i => i.Digest).ShouldBe([digest]);
        await next.Client.Images.DeleteImageAsync(new DeleteImageRequest { Name = $"tenants/a/images/{digest}" }, cancellationToken: Limit);
        Directory.EnumerateFileSystemEntries(layers).ShouldBeEmpty();
        (await next.StopAsync(Limit)).ShouldBe(0);
        _folder.Dispose();
    }

    private Task<Image> PublishAsync(NodeDaemon daemon, string folder) => daemon.Client.Images.PublishImageAsync(
        new PublishImageRequest { Tenant = "a", Layers = new ImageLayers { Lowerdirs = { folder } } }, cancellationToken: Limit).ResponseAsync;
}
