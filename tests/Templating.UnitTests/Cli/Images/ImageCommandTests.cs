using Google.Protobuf.WellKnownTypes;
using Templating.Cli.Exits;
using Templating.UnitTests.Cli.Fakes;
using Templating.V1;

namespace Templating.UnitTests.Cli.Images;

public sealed class ImageCommandTests
{
    private static readonly string Digest = new('a', 64);

    private static readonly Image Sample = new()
    {
        Name = $"tenants/default/images/{Digest}",
        Tenant = "default",
        Digest = Digest,
        Kind = ImageKind.Tree,
        SizeBytes = 4 << 20,
        Inodes = 7,
        CreateTime = Timestamp.FromDateTimeOffset(CliRun.Now.AddDays(-3)),
        LastUseTime = Timestamp.FromDateTimeOffset(CliRun.Now.AddDays(-2)),
        Clones = 2,
    };

    [Fact]
    public async Task PublishTakesLayersAFolderOrAFile()
    {
        await using var node = await FakeNode.StartAsync();
        var seen = new List<PublishImageRequest>();
        node.Images.OnPublish = request =>
        {
            seen.Add(request);
            return Sample;
        };

        (await CliRun.OfAsync(node, "image", "publish", "--layer", "/top", "--layer", "/bottom", "-o", "name")).Out.ShouldBe(Sample.Name + "\n");
        (await CliRun.OfAsync(node, "image", "publish", "--folder", "/f", "--tenant", "a")).Out.ShouldContain(Sample.Name);
        (await CliRun.OfAsync(node, "image", "publish", "--file", "/disk")).Code.ShouldBe(ExitCode.Ok);

        seen.ShouldBe(
        [
            new PublishImageRequest { Tenant = "default", Layers = new ImageLayers { Lowerdirs = { "/top", "/bottom" } } },
            new PublishImageRequest { Tenant = "a", Folder = "/f" },
            new PublishImageRequest { Tenant = "default", File = "/disk" },
        ]);
    }

    [Theory]
    [InlineData]
    [InlineData("--folder", "/a", "--file", "/b")]
    [InlineData("--folder", "/a", "--layer", "/b")]
    public async Task PublishNeedsOneOfThem(params string[] flags)
    {
        var run = await CliRun.OfAsync(["image", "publish", .. flags]);

        run.Code.ShouldBe(ExitCode.Usage);
        run.Error.ShouldContain("--layer, --folder and --file");
    }

    [Fact]
    public async Task ListShowsThemAndSaysWhereThereAreNone()
    {
        await using var node = await FakeNode.StartAsync();
        (await CliRun.OfAsync(node, "image", "list")).Error.ShouldBe("No images in tenants/default.\n");
        node.Images.All = [Sample];

        (await CliRun.OfAsync(node, "image", "ls")).Out.ShouldBe(
            $"{"DIGEST".PadRight(64)}  SIZE  CLONES  AGE  USED\n{Digest}  4MiB       2   3d    2d\n");
        (await CliRun.OfAsync(node, "image", "list", "-A", "-o", "wide")).Out.ShouldContain("INODES");
    }

    [Fact]
    public async Task DeleteTakesADigestOrAName()
    {
        await using var node = await FakeNode.StartAsync();

        (await CliRun.OfAsync(node, "image", "delete", Digest)).Code.ShouldBe(ExitCode.Ok);
        (await CliRun.OfAsync(node, "image", "rm", $"tenants/b/images/{Digest}")).Code.ShouldBe(ExitCode.Ok);
        (await CliRun.OfAsync(node, "image", "delete", "short")).Code.ShouldBe(ExitCode.Usage);

        node.Images.Deleted.ShouldBe([Sample.Name, $"tenants/b/images/{Digest}"]);
    }
}
