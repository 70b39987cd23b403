using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Grpc.Core;
using Templating.Testing.Nodes;
using Templating.V1;

namespace Templating.IntegrationTests.Node;

/// <summary>Templates that are not what was published, or not for this node, are never cloned.</summary>
public sealed class CorruptionTests : NodeTest
{
    [Theory]
    [InlineData("memory")]
    [InlineData("state")]
    [InlineData("manifest.json")]
    public async Task OneFlippedByteIsFoundByVerifyAndByTheFirstCloneAfterARestart(string file)
    {
        await using var node = await TestNode.StartAsync();
        var template = await node.Client.GetTemplateAsync(Limit);
        (await node.Client.VerifyAsync(Limit)).Sound.ShouldBeTrue();
        Flip(Path.Combine(node.Folder.RevisionFolder(template.Name), file));

        var verified = await node.Client.VerifyAsync(Limit);
        var told = await OnlyTemplateAsync(node);
        await node.Daemon.StopAsync(Limit);
        await node.RestartAsync();

        verified.Sound.ShouldBeFalse();
        told.State.ShouldBe(TemplateState.Corrupt);
        told.StateReason.ShouldContain(file);
        verified.Problems.ShouldContain(p => p.Contains(file));
        var failure = await FailsAsync(node.Client.CloneAsync(Limit), StatusCode.DataLoss, "TEMPLATE_CORRUPT");
        failure.Message.ShouldContain(file);
        (await OnlyTemplateAsync(node)).State.ShouldBe(TemplateState.Corrupt);
        await NothingIsLeftAsync(node);
    }

    [Fact]
    public async Task ManifestWithAnUnknownFieldIsNamedAndNotCloned()
    {
        await using var node = await StartEditedAsync(manifest => manifest["surprise"] = true);

        var failure = await FailsAsync(node.Client.CloneAsync(Limit), StatusCode.DataLoss, "TEMPLATE_CORRUPT");

        failure.Message.ShouldContain("surprise");
        (await OnlyTemplateAsync(node)).StateReason.ShouldContain("surprise");
    }

    [Fact]
    public async Task ManifestOfALaterVersionIsNotReadAnyFurther()
    {
        await using var node = await StartEditedAsync(manifest =>
        {
            manifest["formatVersion"] = 2;
            manifest["surprise"] = true;
        });

        var failure = await FailsAsync(node.Client.CloneAsync(Limit), StatusCode.DataLoss, "TEMPLATE_CORRUPT");

        failure.Message.ShouldContain("version", Case.Insensitive);
        failure.Message.ShouldContain("2");
        failure.Message.ShouldNotContain("surprise");
    }

    /// <summary>No second QEMU need be installed: a script tells another version and is the real one in all else.</summary>
    [Fact]
    public async Task TemplateOfAnotherQemuIsStaleAndSaysWhy()
    {
        using var scripts = new TempScripts();
        await using var node = await TestNode.StartAsync();
        var made = (await node.Client.Node.GetNodeAsync(new GetNodeRequest(), cancellationToken: Limit)).QemuVersion;
        var other = scripts.Write(
            "qemu", "# stands for an upgraded QEMU\n[ \"$1\" = --version ] && echo 'QEMU emulator version 98.7.6' && exit\nexec qemu-system-x86_64 \"$@\"");

        await node.Daemon.StopAsync(Limit);
        await node.RestartAsync(("QEMU_PATH", other));

        var failure = await FailsAsync(node.Client.CloneAsync(Limit), StatusCode.FailedPrecondition, "TEMPLATE_STALE");
        failure.Message.ShouldContain("98.7.6");
        failure.Message.ShouldContain(made);
        var template = await OnlyTemplateAsync(node);
        template.State.ShouldBe(TemplateState.Stale);
        template.StateReason.ShouldContain("98.7.6");
        (await node.Client.VerifyAsync(Limit)).Sound.ShouldBeTrue();
        await NothingIsLeftAsync(node);
    }

    private async Task<Template> OnlyTemplateAsync(TestNode node) =>
        (await node.Client.Templates.ListTemplatesAsync(new ListTemplatesRequest { Parent = "tenants/-" }, cancellationToken: Limit))
            .Templates.ShouldHaveSingleItem();

    private static void Flip(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite);
        file.Position = file.Length / 2;
        var value = file.ReadByte();
        file.Position--;
        file.WriteByte((byte)(value ^ 1));
    }

    /// <summary>A store whose revision has another manifest, and the name that goes with it.</summary>
    private static async Task<TestNode> StartEditedAsync(Action<JsonObject> edit)
    {
        var folder = new NodeFolder();
        await PreparedStore.CopyToAsync(folder);
        var revision = Directory.EnumerateDirectories(Path.Combine(folder.Store, "templates", PreparedStore.Tenant, "web")).Single();
        var path = Path.Combine(revision, "manifest.json");
        var manifest = JsonNode.Parse(await File.ReadAllBytesAsync(path))!.AsObject();
        edit(manifest);
        var text = manifest.ToJsonString();
        await File.WriteAllTextAsync(path, text);
        var digest = Convert.ToHexStringLower(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(text)))[..32];
        Directory.Move(revision, Path.Combine(Path.GetDirectoryName(revision)!, digest));
        return await TestNode.StartAsync(folder);
    }
}
