using System.Text.Json.Nodes;
using Templating.IntegrationTests.Node;
using Templating.Testing;
using Templating.Testing.Nodes;
using Templating.Testing.Qemu;

namespace Templating.IntegrationTests.Cli;

/// <summary>The real executable as people and scripts use it. Exit codes are those of docs/cli.md.</summary>
public sealed class CliTests(SharedNode shared) : SharedNodeTest(shared)
{
    [Fact]
    public async Task ClonesAreCreatedListedShownRunAndStopped()
    {
        var created = await RunAsync("clone", "create", "web", "--count", "2", "-o", "json");
        created.ExitCode.ShouldBe(0, created.Error);
        var ids = JsonNode.Parse(created.Output)!["clones"]!.AsArray().Select(c => c!["id"]!.GetValue<string>()).ToList();
        ids.Count.ShouldBe(2);

        var list = await RunAsync("clone", "list", "-o", "json");
        var table = await RunAsync("clone", "list");
        var shown = await RunAsync("clone", "show", ids[0], "--memory", "-o", "json");
        var exec = await RunAsync("clone", "exec", ids[0], "--", "sh", "-c", "echo out; echo err >&2; exit 42");
        var stopped = await RunAsync("clone", "stop", "--all", "--grace", "2m", "-o", "name");

        list.Output.ShouldContain(ids[0]);
        table.Output.Split('\n')[0].ShouldStartWith("ID");
        table.Output.ShouldNotContain("\u001b");
        JsonNode.Parse(shown.Output)!["memory"]!["ramPrivate"].ShouldNotBeNull();
        exec.ShouldBe(new ProgramResult(42, "out\n", "err\n"));
        stopped.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Order()
            .ShouldBe(ids.Select(id => $"tenants/acme/clones/{id}").Order());
        (await RunAsync("clone", "list", "-o", "name")).Output.ShouldBeEmpty();
    }

    [Fact]
    public async Task ExecPassesInputOnAndEndsWithTheSignalsCode()
    {
        await RunAsync("clone", "create", "web", "--id", "cli-exec");

        var echoed = await Programs.RunAsync(
            NodeExecutable.Path, ["clone", "exec", "-i", "cli-exec", "--", "cat"], Limit, Environment(), "typed\n");
        var killed = await RunAsync("clone", "exec", "cli-exec", "--", "sh", "-c", "kill -TERM $$");
        var nobody = await RunAsync("clone", "exec", "not-there", "--", "true");

        echoed.ShouldBe(new ProgramResult(0, "typed\n", ""));
        killed.ExitCode.ShouldBe(128 + 15);
        nobody.ExitCode.ShouldBe(125);
    }

    [Fact]
    public async Task AProgramThatCannotBeRunEndsWithAShellsCodes()
    {
        await RunAsync("clone", "create", "web", "--id", "cli-codes");
        await RunAsync("clone", "exec", "cli-codes", "--", "sh", "-c", "cd /tmp; echo x >plain; printf '#!/no/such/sh\n' >script; chmod 755 script");

        foreach (var (code, program) in new[] { (127, "no-such-program"), (127, "/no/such/program"), (127, "/tmp/script"), (126, "/tmp/plain"), (126, "/tmp") })
        {
            var run = await RunAsync("clone", "exec", "cli-codes", "--", program);
            run.ExitCode.ShouldBe(code, program);
            run.Error.ShouldContain(program);
            run.Output.ShouldBeEmpty();
        }

        (await RunAsync("clone", "exec", "cli-codes", "-w", "/no/such/folder", "--", "true")).ExitCode.ShouldBe(126);
    }

    [Theory]
    [InlineData(0, "", "node", "info")]
    [InlineData(0, "", "template", "list")]
    [InlineData(0, "", "template", "verify", "web")]
    [InlineData(2, "--count", "clone", "create", "web", "--count", "many")]
    [InlineData(2, "unknown", "clone", "create", "web", "--unknown")]
    [InlineData(3, "not-there", "clone", "create", "not-there")]
    [InlineData(3, "not-there", "clone", "show", "not-there")]
    [InlineData(5, "No daemon", "node", "info", "--address", "unix:///nowhere/there.sock")]
    public async Task ExitCodesSayWhatKindOfFailureItWas(int code, string word, params string[] arguments)
    {
        var result = await RunAsync(arguments);

        result.ExitCode.ShouldBe(code, result.Error);
        result.Error.ShouldContain(word, Case.Insensitive);
        result.Error.Contains("error: ", StringComparison.Ordinal).ShouldBe(code != 0);
        (code == 0 || result.Output.Length == 0).ShouldBeTrue();
        result.Error.ShouldNotContain("   at ");
    }

    [Fact]
    public async Task WrongStateIsExitCodeSixAndTwoClonesOfOneIdAreToo()
    {
        await RunAsync("clone", "create", "web", "--id", "cli-state");
        await RunAsync("clone", "pause", "cli-state");

        var twice = await RunAsync("clone", "create", "web", "--id", "cli-state");
        var resumed = await RunAsync("clone", "resume", "cli-state", "-o", "json");

        twice.ExitCode.ShouldBe(6);
        JsonNode.Parse(resumed.Output)!["state"]!.GetValue<string>().ShouldBe("CLONE_STATE_RUNNING");
    }

    [Fact]
    public async Task TemplateIsBuiltFromASpecFileByADaemonThatIsToldByFlags()
    {
        using var folder = new NodeFolder();
        var guest = GuestArtifacts.Locate();
        using var spec = new TempFolder();
        spec.Write("web.yaml", $"""
            guest:
              kernel_path: {guest.Kernel}
              initrd_path: {guest.Initrd}
              command_line: console=ttyS0 quiet panic=-1 swiotlb=noforce tsc=reliable
              image_paths: [{guest.Image}]
            machine:
              memory_bytes: 128MiB
            readiness:
              timeout: 4m
              warm_up:
                - wget -qO- http://127.0.0.1/ || true
            """);
        using var serving = new ChildProcess(
            NodeExecutable.Path, ["serve", "--store-path", folder.Store, "--run-path", folder.Run, "--max-clones", "5", "--vm-users-count", "0"], environment: null, redirect: true);
        using var daemon = new DaemonWait(folder);
        await daemon.WaitAsync(serving, Limit);
        var address = new Dictionary<string, string>(StringComparer.Ordinal) { ["TEMPLATING_ADDRESS"] = "unix://" + folder.Socket };

        var built = await Programs.RunAsync(NodeExecutable.Path, ["template", "create", "web", "-f", spec["web.yaml"], "-o", "name"], Limit, address);
        var info = await Programs.RunAsync(NodeExecutable.Path, ["node", "info", "-o", "json"], Limit, address);

        built.ExitCode.ShouldBe(0, built.Error);
        built.Output.ShouldStartWith("tenants/default/templates/web/revisions/");
        built.Error.ShouldContain("warm_up");
        JsonNode.Parse(info.Output)!["maxClones"]!.GetValue<int>().ShouldBe(5);
        Signals.Send(serving.Id, Signals.Terminate);
        (await serving.WaitExitAsync(Limit)).ShouldBe(0);
    }

    [Fact]
    public async Task DoctorChecksThisMachineAndFailsForADaemonThatIsNotThere()
    {
        var doctor = await RunAsync("doctor", "-o", "json");

        var checks = JsonNode.Parse(doctor.Output)!;
        checks.ToJsonString().ShouldContain("QEMU", Case.Insensitive);
        doctor.ExitCode.ShouldBe(checks.ToJsonString().Contains("\"fail\"", StringComparison.OrdinalIgnoreCase) ? 1 : 0, doctor.Output);
    }

    [Fact]
    public async Task AProgramInAGuestEndsWithItsReader()
    {
        await RunAsync("clone", "create", "web", "--id", "cli-pipe");

        var piped = await Programs.RunAsync(
            "/bin/bash", ["-c", "$B clone exec cli-pipe -- yes | head -1; exit ${PIPESTATUS[0]}"], Limit,
            new Dictionary<string, string>(Environment(), StringComparer.Ordinal) { ["B"] = NodeExecutable.Path });

        piped.ShouldBe(new ProgramResult(141, "y\n", ""));
        var left = await RunAsync(
            "clone", "exec", "cli-pipe", "--", "sh", "-c", "for i in $(seq 300); do pidof yes >/dev/null || break; usleep 100000; done; pidof yes");
        left.Output.ShouldBeEmpty();
    }

    private Dictionary<string, string> Environment() => new(StringComparer.Ordinal)
    {
        ["TEMPLATING_ADDRESS"] = "unix://" + Node.Folder.Socket,
        ["TEMPLATING_TENANT"] = PreparedStore.Tenant,
    };

    private Task<ProgramResult> RunAsync(params string[] arguments) =>
        Programs.RunAsync(NodeExecutable.Path, arguments, Limit, Environment());
}
