using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Templating.Core.Images;
using Templating.UnitTests.Images;
using Templating.UnitTests.Node.Fakes;
using Templating.V1;

namespace Templating.UnitTests.Node.Services;

public sealed class ImageTests : IAsyncLifetime
{
    private const uint Stranger = 65_533;

    private TestDaemon _daemon = null!;
    private ImageService.ImageServiceClient _images = null!;

    public async Task InitializeAsync()
    {
        _daemon = await TestDaemon.StartAsync(
            (options, root) => options.Images.Folders = [Path.Combine(root, "trees")], services => services.AddSingleton<IImageBuilder>(new FakeImageBuilder()));
        _images = new ImageService.ImageServiceClient(_daemon.Connect());
    }

    public async Task DisposeAsync() => await _daemon.DisposeAsync();

    [Fact]
    public async Task AnImageIsPublishedFoundListedAndDeleted()
    {
        var image = await _images.PublishImageAsync(new PublishImageRequest { Tenant = "a", Layers = new ImageLayers { Lowerdirs = { Tree("top"), Tree("bottom") } } });

        image.Name.ShouldBe($"tenants/a/images/{image.Digest}");
        image.Kind.ShouldBe(V1.ImageKind.Tree);
        image.SizeBytes.ShouldBe(2 << 20);
        (await _images.GetImageAsync(new GetImageRequest { Name = image.Name })).ShouldBe(image);
        await _images.PublishImageAsync(new PublishImageRequest { Tenant = "a", Folder = Tree("third") });
        var first = await _images.ListImagesAsync(new ListImagesRequest { Parent = "tenants/a", PageSize = 1 });
        var second = await _images.ListImagesAsync(new ListImagesRequest { Parent = "tenants/a", PageSize = 1, PageToken = first.NextPageToken });
        first.Images.Concat(second.Images).Select(i => i.Digest).ShouldContain(image.Digest);
        second.NextPageToken.ShouldBeEmpty();
        (await _images.ListImagesAsync(new ListImagesRequest { Parent = "tenants/b" })).Images.ShouldBeEmpty();

        await _images.DeleteImageAsync(new DeleteImageRequest { Name = image.Name });

        var gone = await Errors.FailureOf(async () => await _images.GetImageAsync(new GetImageRequest { Name = image.Name }));
        gone.StatusCode.ShouldBe(StatusCode.NotFound);
        gone.Info().Reason.ShouldBe("IMAGE_NOT_FOUND");
    }

    [Fact]
    public async Task AllFaultsOfARequestComeTogether()
    {
        var failure = await Errors.FailureOf(async () => await _images.PublishImageAsync(new PublishImageRequest { Tenant = "A_" }));
        failure.Fields().ShouldBe(["tenant", "source"]);

        failure = await Errors.FailureOf(async () => await _images.PublishImageAsync(new PublishImageRequest
        {
            Tenant = "a",
            Layers = new ImageLayers { Lowerdirs = { "relative", Tree("one"), "/etc", Tree("one") + "/../one" } },
        }));
        failure.Fields().ShouldBe(["layers.lowerdirs[0]", "layers.lowerdirs[2]", "layers.lowerdirs[3]"]);

        failure = await Errors.FailureOf(async () => await _images.PublishImageAsync(new PublishImageRequest { Tenant = "a", Layers = new ImageLayers() }));
        failure.Fields().ShouldBe(["layers.lowerdirs"]);
        failure = await Errors.FailureOf(async () => await _images.PublishImageAsync(new PublishImageRequest
        {
            Tenant = "a",
            Layers = new ImageLayers { Lowerdirs = { Enumerable.Repeat(Tree("one"), 129) } },
        }));
        failure.Fields().ShouldBe(["layers.lowerdirs"]);
    }

    [RootFact]
    public async Task WhoMayNotActForATenantLearnsNothingOfItsImages()
    {
        await using var daemon = await TestDaemon.StartAsync((options, root) =>
        {
            options.SocketMode = "0666";
            options.PolicyPath = Path.Combine(root, "policy.json");
            File.WriteAllText(options.PolicyPath, $$"""{ "version": 1, "rules": [ { "uid": {{Stranger}}, "tenants": ["b"] } ] }""");
        });
        var images = new ImageService.ImageServiceClient(
            daemon.Connect(() => TestSockets.ConnectAs(Stranger, Stranger, daemon.Options.EffectiveSocketPath)));

        foreach (var call in (Func<Task>[])
            [
                async () => await images.PublishImageAsync(new PublishImageRequest { Tenant = "a", Folder = "relative" }),
                async () => await images.GetImageAsync(new GetImageRequest { Name = $"tenants/a/images/{new string('1', 64)}" }),
                async () => await images.ListImagesAsync(new ListImagesRequest { Parent = "tenants/a" }),
                async () => await images.DeleteImageAsync(new DeleteImageRequest { Name = $"tenants/a/images/{new string('1', 64)}" }),
            ])
        {
            (await Errors.FailureOf(call)).StatusCode.ShouldBe(StatusCode.PermissionDenied);
        }
    }

    private string Tree(string name) => Directory.CreateDirectory(Path.Combine(_daemon.Folder, "trees", name)).FullName;
}
