using System.Text;
using Google.Protobuf.WellKnownTypes;
using Templating.Cli.Exits;
using Templating.UnitTests.Cli.Fakes;
using Templating.V1;

namespace Templating.UnitTests.Cli.Templates;

public sealed class TemplateCommandTests
{
    [Fact]
    public async Task CreateTakesTheFileAndLetsFlagsOverrideIt()
    {
        await using var node = await FakeNode.StartAsync();
        CreateTemplateRequest? seen = null;
        node.Templates.OnCreate = async (request, responses, _) =>
        {
            seen = request;
            await responses.WriteAsync(Progress("boot", "waits for the guest", 1));
            await responses.WriteAsync(Progress("done", "", 2, Samples.Template("web")));
        };
        var run = await CliRun.OfAsync(
            node,
            host => host with { StandardInput = () => new MemoryStream("guest: {kernel_path: /k}\nmachine: {vcpus: 2}"u8.ToArray()) },
            ["template", "create", "web", "-f", "-", "--memory", "1GiB", "--image", "a.img", "--image", "/b.img", "--warm-up", "echo 'a b'", "--forward", "80",
             "--accelerator", "tcg", "--keep-revisions", "-1", "--append", "quiet", "--ready-timeout", "90s", "--no-wait-for-boot"]);
        run.Code.ShouldBe(ExitCode.Ok, run.Error);
        seen!.Template.ShouldBe("web");
        seen.RevisionHistoryLimit.ShouldBe(-1);
        seen.Spec.Guest.KernelPath.ShouldBe("/k");
        seen.Spec.Guest.CommandLine.ShouldBe("quiet");
        seen.Spec.Guest.ImagePaths.ShouldBe([Path.GetFullPath("a.img"), "/b.img"]);
        seen.Spec.Machine.ShouldBe(new MachineSpec { Vcpus = 2, MemoryBytes = 1L << 30, Accelerator = Accelerator.Tcg });
        seen.Spec.Readiness.WarmUp.ShouldHaveSingleItem().Arguments.ShouldBe(["/bin/sh", "-c", "echo 'a b'"]);
        seen.Spec.Readiness.Timeout.ToTimeSpan().ShouldBe(TimeSpan.FromSeconds(90));
        seen.Spec.Readiness.WaitForBoot.ShouldBeFalse();
        seen.Spec.Readiness.HasWaitForBoot.ShouldBeTrue();
        seen.Spec.Network.Forwards.ShouldHaveSingleItem().GuestPort.ShouldBe(80);
        run.Error.ShouldBe("      1s  boot: waits for the guest\n      2s  done\n");
        run.Out.ShouldBe(
            "NAME  REVISION      STATE  LATEST  CLONES  MEMORY   DISK  AGE\n" +
            "web   0123456789ab  Ready  yes          0  256MiB  48MiB   3d\n");
    }

    [Fact]
    public async Task AFlagOverridesTheFileAlsoWhereItAsksForTheDefault()
    {
        await using var node = await FakeNode.StartAsync();
        CreateTemplateRequest? seen = null;
        node.Templates.OnCreate = async (request, responses, _) =>
        {
            seen = request;
            await responses.WriteAsync(Progress("done", "", 2, Samples.Template("web")));
        };

        var run = await CreateAsync("--accelerator", "auto");
        var refused = await CreateAsync("--memory", "0");

        run.Code.ShouldBe(ExitCode.Ok, run.Error);
        seen!.Spec.Machine.Accelerator.ShouldBe(Accelerator.Unspecified);
        refused.Code.ShouldBe(ExitCode.Usage);
        refused.Error.ShouldContain("more than 0");

        Task<CliRun> CreateAsync(params string[] flags) => CliRun.OfAsync(
            node,
            host => host with { StandardInput = () => new MemoryStream("guest: {kernel_path: /k}\nmachine: {accelerator: ACCELERATOR_KVM}"u8.ToArray()) },
            ["template", "create", "web", "-f", "-", .. flags]);
    }

    [Fact]
    public async Task OnATerminalProgressIsLiveAndElsewhereItHasNoEscapes()
    {
        await using var node = await FakeNode.StartAsync();
        node.Templates.OnCreate = async (_, responses, _) =>
        {
            await responses.WriteAsync(Progress("boot", "[red]not markup[/]", 1));
            await responses.WriteAsync(Progress("done", "", 2, Samples.Template("web")));
        };
        string[] line = ["template", "create", "web", "--kernel", "/k", "-o", "name"];
        var live = await CliRun.OfAsync(node, host => host with { ErrorIsTerminal = true }, line);
        live.Error.ShouldContain('\u001b');
        live.Error.ShouldContain("[red]not markup[/]");
        live.Out.ShouldBe(Samples.Template("web").Name + "\n");
        var plain = await CliRun.OfAsync(node, line);
        (plain.Error + plain.Out).ShouldNotContain('\u001b');
    }

    [Fact]
    public async Task AFaultySpecIsRefusedBeforeTheDaemonIsAsked()
    {
        var run = await CliRun.OfAsync(
            host => host with { StandardInput = () => new MemoryStream(Encoding.UTF8.GetBytes("gest: {}\nmachine: {ram: 1}")) },
            ["template", "create", "web", "-f", "-"], CancellationToken.None);
        run.Code.ShouldBe(ExitCode.Usage);
        run.Error.ShouldContain("has 2 faults:\n  gest: Unknown field; known are guest, machine, readiness, network, sandbox.\n  machine.ram: Unknown field");
    }

    [Fact]
    public async Task AShortRevisionIsMadeWholeAndAnAmbiguousOneRefused()
    {
        await using var node = await FakeNode.StartAsync();
        var second = "0123ffff" + Samples.Revision[8..];
        node.Templates.OnList = _ => new ListTemplatesResponse { Templates = { Samples.Template("web"), Samples.Template("web", second) } };
        node.Templates.OnGet = request => Samples.Template("web", request.Name.Split('/')[^1]);
        (await CliRun.OfAsync(node, "template", "show", "web@0123ff", "-o", "name")).Out.ShouldBe($"tenants/default/templates/web/revisions/{second}\n");
        (await CliRun.OfAsync(node, "template", "show", "web@0123")).Code.ShouldBe(ExitCode.Usage);
        (await CliRun.OfAsync(node, "template", "show", "web@ffff")).Code.ShouldBe(ExitCode.NotFound);
    }

    [Fact]
    public async Task VerifyFailsWhereATemplateIsNotSound()
    {
        await using var node = await FakeNode.StartAsync();
        node.Templates.Verify =
        [
            new() { File = "memory", DoneBytes = 1, TotalBytes = 2 },
            new() { Result = new VerifyResult { Sound = false, Name = "n", Problems = { "memory: expected aa, found bb" } } },
        ];
        var run = await CliRun.OfAsync(node, "template", "verify", "web");
        run.Code.ShouldBe(ExitCode.Failure);
        run.Out.ShouldBe("Name:     n\nResult:   NOT SOUND\nProblem:  memory: expected aa, found bb\n");
        run.Error.ShouldContain("verifying memory");
        node.Templates.Verify = [new() { Result = new VerifyResult { Sound = true, Name = "n" } }];
        (await CliRun.OfAsync(node, host => host with { ErrorIsTerminal = true }, ["template", "verify", "web"])).Code.ShouldBe(ExitCode.Ok);
    }

    [Fact]
    public async Task DeletePrintsWhatWent()
    {
        await using var node = await FakeNode.StartAsync();
        node.Templates.OnDelete = request => new DeleteTemplateResponse { Deleted = { request.Name + (request.Force ? "/forced" : "") } };
        (await CliRun.OfAsync(node, "template", "delete", "web", "--force")).Out.ShouldBe("DELETED\ntenants/default/templates/web/forced\n");
    }

    [Fact]
    public async Task NodeInfoShowsWhatThereIs()
    {
        await using var node = await FakeNode.StartAsync();
        var run = await CliRun.OfAsync(node, "node", "info");
        run.Out.ShouldContain("Version:    1.2.3\n");
        run.Out.ShouldContain("0 of 10");
    }

    private static CreateTemplateResponse Progress(string phase, string message, int seconds, Template? template = null) => new()
    {
        Phase = phase,
        Message = message,
        Elapsed = Duration.FromTimeSpan(TimeSpan.FromSeconds(seconds)),
        Template = template,
    };
}
