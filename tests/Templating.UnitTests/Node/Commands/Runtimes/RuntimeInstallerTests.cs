using Templating.Cli.Exits;
using Templating.Node.Commands.Runtimes;

namespace Templating.UnitTests.Node.Commands.Runtimes;

/// <summary>A node whose containerd does not come back is a node less.</summary>
public sealed class RuntimeInstallerTests : IDisposable
{
    private const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("t-");
    private readonly FakeContainerd _containerd;

    public RuntimeInstallerTests()
    {
        File.WriteAllText(Config, "old");
        File.SetUnixFileMode(Config, Mode);
        _containerd = new FakeContainerd(Config);
    }

    private string Config => Path.Combine(_folder.FullName, "config.toml");

    private string Shim => Path.Combine(_folder.FullName, "bin", "shim");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task ItIsPlacedAndContainerdGoesByIt()
    {
        await RunAsync(Plan(), isWanted: true);

        File.ReadAllText(Config).ShouldBe("new");
        File.GetUnixFileMode(Config).ShouldBe(Mode);
        File.ReadAllText(Shim).ShouldBe("shim");
        File.ReadAllText(HostFiles.BackupOf(Config)).ShouldBe("old");
        _containerd.Restarts.ShouldBe(1);
    }

    [Fact]
    public async Task WithoutAChangeNothingIsRestarted()
    {
        File.WriteAllText(Config, "new");
        await RunAsync(Plan() with { Config = [Planned("new", "new")], NeedsRestart = false }, isWanted: true);
        _containerd.Restarts.ShouldBe(0);
        File.Exists(HostFiles.BackupOf(Config)).ShouldBeFalse();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task AContainerdThatDoesNotTakeItHasItsOldConfigurationBack(bool answersWithout)
    {
        _containerd.Takes = text => text == "old";
        _containerd.AnswersWithoutTaking = answersWithout;

        var failure = await Should.ThrowAsync<CliException>(() => RunAsync(Plan(), isWanted: true));

        failure.Message.ShouldContain("it answers again");
        File.ReadAllText(Config).ShouldBe("old");
        File.GetUnixFileMode(Config).ShouldBe(Mode);
        Directory.GetFiles(_folder.FullName, "*", SearchOption.AllDirectories).ShouldBe([Config]);
        _containerd.Restarts.ShouldBe(2);
    }

    [Fact]
    public async Task AContainerdThatStaysAwayIsToldLoudly()
    {
        _containerd.Takes = _ => false;
        (await Should.ThrowAsync<CliException>(() => RunAsync(Plan(), isWanted: true))).Message.ShouldContain("IT DOES NOT ANSWER");
        File.ReadAllText(Config).ShouldBe("old");
    }

    [Fact]
    public async Task ARestartThatFailsChangesNothing()
    {
        _containerd.RestartProblem = "'systemctl' failed with exit code 127: not found";
        var failure = await Should.ThrowAsync<CliException>(() => RunAsync(Plan(), isWanted: true));
        failure.Message.ShouldContain("not found");
        File.ReadAllText(Config).ShouldBe("old");
    }

    [Fact]
    public async Task WhereSomebodyElseRestartsItIsWaitedForAndTheConfigurationStays()
    {
        var failure = await Should.ThrowAsync<CliException>(() => RunAsync(Plan(), isWanted: true, restart: ""));
        failure.ExitCode.ShouldBe(ExitCode.Deadline);
        File.ReadAllText(Config).ShouldBe("new");

        _containerd.Restart();
        await RunAsync(Plan(), isWanted: true, restart: "");
    }

    [Fact]
    public async Task TheShimGoesLastAndTheBackupWithIt()
    {
        await RunAsync(Plan(), isWanted: true);
        _containerd.OnRestart = () => File.Exists(Shim).ShouldBeTrue();

        await RunAsync(
            new RuntimePlan([], [Planned("new", "old")], [new PlannedFile("shim", Shim, "shim"u8.ToArray(), null, Mode)], NeedsRestart: true), isWanted: false);

        _containerd.Restarts.ShouldBe(2);
        Directory.GetFiles(_folder.FullName, "*", SearchOption.AllDirectories).ShouldBe([Config]);
        File.ReadAllText(Config).ShouldBe("old");
    }

    [Fact]
    public async Task WhenTakingItOutFailsTheShimStays()
    {
        await RunAsync(Plan(), isWanted: true);
        _containerd.Takes = text => text == "new";

        await Should.ThrowAsync<CliException>(() => RunAsync(
            new RuntimePlan([], [Planned("new", "old")], [new PlannedFile("shim", Shim, "shim"u8.ToArray(), null, Mode)], NeedsRestart: true), isWanted: false));

        File.Exists(Shim).ShouldBeTrue();
        File.ReadAllText(Config).ShouldBe("new");
    }

    [Fact]
    public void PodsThatRunAreCountedByTheProgramOfTheirShims()
    {
        var processes = _folder.CreateSubdirectory("proc").FullName;
        (string Process, string Program)[] all =
        [
            ("1", "/sbin/init"), ("20", $"/usr/local/bin/{RuntimeTarget.ShimName}"), ("21", $"/opt/bin/{RuntimeTarget.ShimName} (deleted)"),
            ("22", $"/opt/bin/{RuntimeTarget.ShimName}-old"), ("self", $"/opt/bin/{RuntimeTarget.ShimName}"),
        ];
        foreach (var (process, program) in all)
        {
            Directory.CreateDirectory(Path.Combine(processes, process));
            File.CreateSymbolicLink(Path.Combine(processes, process, "exe"), program);
        }

        Directory.CreateDirectory(Path.Combine(processes, "23"));
        LivingShims.Count(processes).ShouldBe(2);
    }

    private RuntimePlan Plan() => new(
        [new PlannedFile("shim", Shim, null, "shim"u8.ToArray(), Mode)], [Planned("old", "new")], [], NeedsRestart: true);

    private PlannedFile Planned(string old, string @new) =>
        new("configuration", Config, System.Text.Encoding.UTF8.GetBytes(old), System.Text.Encoding.UTF8.GetBytes(@new), Mode);

    private Task RunAsync(RuntimePlan plan, bool isWanted, string restart = "systemctl") => new RuntimeInstaller(
        _containerd, _containerd, TimeProvider.System, restart, TimeSpan.FromMilliseconds(50), _ => { }).RunAsync(plan, "templating", isWanted, CancellationToken.None);

    /// <summary>Has the runtime when it was restarted with "new".</summary>
    private sealed class FakeContainerd(string config) : IContainerd, IHostShell
    {
        private string _loaded = "old";

        public Func<string, bool> Takes { get; set; } = _ => true;

        public bool AnswersWithoutTaking { get; set; }

        public string? RestartProblem { get; set; }

        public Action OnRestart { get; set; } = () => { };

        public int Restarts { get; private set; }

        public void Restart() => _loaded = File.ReadAllText(config);

        public Task<string?> RunAsync(string command, TimeSpan patience, CancellationToken cancellationToken)
        {
            OnRestart();
            Restarts++;
            if (RestartProblem is null)
            {
                Restart();
            }

            return Task.FromResult(RestartProblem);
        }

        public Task<ContainerdAnswer?> AskAsync(CancellationToken cancellationToken) => Task.FromResult(
            Takes(_loaded) ? Answer(_loaded == "new")
            : AnswersWithoutTaking ? Answer(false)
            : null);

        private static ContainerdAnswer? Answer(bool hasIt) => new("1.6.20", ServesKubelet: true, new HashSet<string>(hasIt ? ["runc", "templating"] : ["runc"]), []);
    }
}
