using System.Text.Json.Nodes;
using Templating.Cli.Exits;
using Templating.Core.Errors;
using Templating.Core.Machines;
using Templating.Node.Commands.Doctor;
using Templating.Node.Options;
using Templating.UnitTests.Cli.Fakes;

namespace Templating.UnitTests.Node.Commands.Doctor;

public sealed class DoctorTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("t-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task AMachineThatLacksQemuFailsWithWhatToInstall()
    {
        var run = await RunAsync(new ProbedVmm(null), "-o", "json");
        run.Code.ShouldBe(ExitCode.Failure);
        var qemu = Check(run, "qemu");
        qemu["result"]!.GetValue<string>().ShouldBe("fail");
        qemu["found"]!.GetValue<string>().ShouldBe("There is no QEMU.");
        qemu["advice"]!.GetValue<string>().ShouldContain("bookworm-backports");
    }

    [Fact]
    public async Task WithoutKvmTheMachineServesAndTheDoctorSaysWhyItIsSlow()
    {
        var run = await RunAsync(new ProbedVmm(new VmmInfo("/usr/bin/qemu", "10.0.2", "pc-q35-10.0", Accelerator.Tcg, "The probe's guest never ran.", "A CPU")), "-o", "json");
        Check(run, "qemu")["result"]!.GetValue<string>().ShouldBe("pass");
        Check(run, "kvm")["result"]!.GetValue<string>().ShouldBe("warn");
        Check(run, "kvm")["found"]!.GetValue<string>().ShouldContain("The probe's guest never ran.");
        Check(run, "daemon")["result"]!.GetValue<string>().ShouldBe("info");
    }

    [Fact]
    public async Task TheTableHasAdviceBelow()
    {
        var run = await RunAsync(new ProbedVmm(null));
        run.Out.ShouldStartWith("RESULT  CHECK");
        run.Out.ShouldContain("\nfail: qemu: Install QEMU 8.2 or later.");
    }

    [Fact]
    public async Task ARunFolderTooDeepForItsSocketsFails()
    {
        (await PathsAsync(Target() with { RunPath = "/" + new string('d', 60) })).ShouldHaveSingleItem().Found.ShouldContain("61 bytes");
        (await PathsAsync(Target() with { RunPath = "/" + new string('d', 59) })).ShouldHaveSingleItem().Verdict.ShouldBe(Verdict.Pass);
        // 21 characters, three bytes each but for the first.
        (await PathsAsync(Target() with { RunPath = "/" + new string('\u6a21', 20) })).ShouldHaveSingleItem().Found.ShouldContain("61 bytes");
    }

    /// <summary>Whatever the daemon refuses of its paths at its start the doctor fails, and nothing else.</summary>
    [Theory]
    [InlineData("/run/templating", true)]
    [InlineData("/a/very/long/folder/name/of/which/nobody/knows/why/it/is/so/long", false)]
    [InlineData("/\u6a21\u6a21\u6a21\u6a21\u6a21\u6a21\u6a21\u6a21\u6a21\u6a21\u6a21\u6a21\u6a21\u6a21\u6a21\u6a21\u6a21\u6a21\u6a21\u6a21", false)]
    [InlineData("/run/../templating", false)]
    public async Task ThePathsAreJudgedAsAtTheDaemonsStart(string run, bool allowed)
    {
        var options = new NodeOptions { StorePath = _folder.FullName, RunPath = run };

        NodeOptionsRules.FindFaults(options).Any().ShouldBe(!allowed);
        (await PathsAsync(Target() with { RunPath = run })).ShouldAllBe(f => f.Verdict == (allowed ? Verdict.Pass : Verdict.Fail));
    }

    [Fact]
    public async Task AFolderThatIsALinkIsWhereItLeadsAndOneThatLeadsNowhereFails()
    {
        var link = Path.Combine(_folder.FullName, "link");
        var target = _folder.CreateSubdirectory("elsewhere");
        File.CreateSymbolicLink(link, target.FullName);
        var check = Folder(1, 1);
        (await check.RunAsync(Target() with { StorePath = link }, CancellationToken.None)).ShouldHaveSingleItem().Found.ShouldStartWith(target.FullName + ",");

        target.Delete();
        (await check.RunAsync(Target() with { StorePath = link }, CancellationToken.None)).ShouldHaveSingleItem().Found.ShouldContain("'" + target.FullName + "'; mount");
        (await PathsAsync(Target() with { StorePath = link })).ShouldHaveSingleItem().Verdict.ShouldBe(Verdict.Fail);
    }

    [Fact]
    public async Task AFolderThatIsMissingIsJudgedByTheOneAboveAndAFileIsNoFolder()
    {
        var check = Folder(1, 2);
        (await check.RunAsync(Target() with { StorePath = Path.Combine(_folder.FullName, "a/b") }, CancellationToken.None))
            .ShouldHaveSingleItem().Found.ShouldContain("will be made");
        var file = Path.Combine(_folder.FullName, "file");
        await File.WriteAllTextAsync(file, "");
        (await check.RunAsync(Target() with { StorePath = file }, CancellationToken.None)).ShouldHaveSingleItem().Verdict.ShouldBe(Verdict.Fail);
        var greedy = Folder(long.MaxValue, long.MaxValue);
        (await greedy.RunAsync(Target() with { StorePath = _folder.FullName }, CancellationToken.None)).ShouldHaveSingleItem().Verdict.ShouldBe(Verdict.Fail);
    }

    [Fact]
    public async Task TryingTheFilesystemLeavesNothingBehind()
    {
        var findings = await new FileSystemCheck().RunAsync(Target() with { StorePath = _folder.FullName }, CancellationToken.None);
        findings.Select(f => f.Check).ShouldBe(["hole punching", "store medium", "reflink"]);
        _folder.EnumerateFileSystemInfos().ShouldBeEmpty();
    }

    [Theory]
    [InlineData("6.12.0-amd64", "pass")]
    [InlineData("5.2.0", "fail")]
    [InlineData("odd", "warn")]
    public async Task TheKernelIsJudgedByItsRelease(string release, string verdict)
    {
        Write("proc/sys/kernel/osrelease", release + "\n");
        var findings = await new PlatformCheck().RunAsync(Target(), CancellationToken.None);
        findings.Single(f => f.Check is "kernel").Verdict.ToString().ToLowerInvariant().ShouldBe(verdict);
    }

    [Fact]
    public async Task MemoryAndItsLimitAreRead()
    {
        Write("proc/meminfo", "MemTotal:       2097152 kB\nMemAvailable:    524288 kB\n");
        Write("proc/self/cgroup", "0::/system.slice\n");
        Write("sys/fs/cgroup/cgroup.controllers", "memory");
        Write("sys/fs/cgroup/system.slice/memory.max", "1073741824\n");
        var findings = await new MemoryCheck().RunAsync(Target(), CancellationToken.None);
        findings[0].ShouldBe(findings[0] with { Verdict = Verdict.Warn, Found = "2GiB, 512MiB available" });
        findings[1].Found.ShouldContain("limited to 1GiB");
    }

    private static FolderCheck Folder(long fail, long warn) => new("store", t => t.StorePath, "--store-path", _ => fail, _ => warn);

    private static Task<IReadOnlyList<Finding>> PathsAsync(DoctorTarget target) => new OptionsCheck().RunAsync(target, CancellationToken.None);

    private async Task<CliRun> RunAsync(ProbedVmm vmm, params string[] arguments) => await CliRun.OfAsync(
        host => host,
        globals => [DoctorCommand.Create(globals, _ => vmm)],
        ["doctor", "--store-path", _folder.FullName, "--run-path", Path.Combine(_folder.FullName, "r"), .. arguments],
        CancellationToken.None);

    private static JsonNode Check(CliRun run, string name) =>
        JsonNode.Parse(run.Out)!["checks"]!.AsArray().Single(c => c!["check"]!.GetValue<string>() == name)!;

    private DoctorTarget Target() => new()
    {
        StorePath = _folder.FullName,
        RunPath = _folder.FullName,
        Vmm = new ProbedVmm(null),
        Root = _folder.FullName,
    };

    private void Write(string path, string text)
    {
        var file = Path.Combine(_folder.FullName, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
    }

    /// <summary>Knows only what a probe found; the doctor may do nothing else with it.</summary>
    private sealed class ProbedVmm(VmmInfo? info) : IVmm
    {
        public VmmInfo? Known => info;

        public Task<VmmInfo> ProbeAsync(bool refresh, CancellationToken cancellationToken) =>
            info is null ? throw new TemplatingException(ErrorCode.QemuMissing, "There is no QEMU.") : Task.FromResult(info);

        public Task<ResolvedMachine> ResolveAsync(MachineSpec spec, int imageCount, bool sandbox, CancellationToken cancellationToken) => throw Unexpected();

        public Task<IVm> BootAsync(BootRequest request, CancellationToken cancellationToken) => throw Unexpected();

        public Task<IVm> PrepareAsync(PrepareRequest request, CancellationToken cancellationToken) => throw Unexpected();

        public Task<IBlankVm> StartBlankAsync(BlankRequest request, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<IVm?> AdoptAsync(VmFolder folder, VmProcessId process, CancellationToken cancellationToken) => throw Unexpected();

        public Task<IReadOnlyList<LingeringVm>> ReapAsync(IReadOnlyList<LeftVm> left, CancellationToken cancellationToken) => throw Unexpected();

        private static InvalidOperationException Unexpected() => new("The doctor starts no VM.");
    }
}
