using Templating.Contract;
using Templating.Node.Commands.Runtimes;

namespace Templating.OperatorTests.Runtimes;

/// <summary>What a real containerd makes of it.</summary>
public sealed class RealContainerdTests : IDisposable
{
    private readonly RealContainerd _containerd = new();

    public void Dispose() => _containerd.Dispose();

    [Fact]
    public async Task ItHasTheRuntimeBesideItsOwnAndLosesItWithoutATrace()
    {
        var before = await File.ReadAllTextAsync(_containerd.Config);
        var answer = await _containerd.AnswerAsync();
        answer.Version.ShouldStartWith("1.");
        answer.Handlers.ShouldBe(["runc"]);
        answer.SearchPath.ShouldBe([_containerd.Target.BinFolder, "/usr/bin", "/bin"]);

        await RunAsync(Plan(answer, p => p.Install()), isWanted: true);
        answer = await _containerd.AnswerAsync();
        answer.Handlers.ShouldBe(["runc", "templating"], ignoreOrder: true);
        Plan(answer, p => p.Install()).IsDone.ShouldBeTrue();

        await RunAsync(Plan(answer, p => p.Uninstall()), isWanted: false);
        (await _containerd.AnswerAsync()).Handlers.ShouldBe(["runc"]);
        (await File.ReadAllTextAsync(_containerd.Config)).ShouldBe(before);
        _containerd.Restarts.ShouldBe(2);
    }

    [Fact]
    public async Task OneThatDoesNotStartWithItRunsAsItDidBefore()
    {
        var before = await File.ReadAllTextAsync(_containerd.Config);
        var plan = Plan(await _containerd.AnswerAsync(), p => p.Install());
        _containerd.Starts = text => text == before;

        (await Should.ThrowAsync<Exception>(() => RunAsync(plan, isWanted: true))).Message.ShouldContain("it answers again");

        (await File.ReadAllTextAsync(_containerd.Config)).ShouldBe(before);
        (await _containerd.AnswerAsync()).Handlers.ShouldBe(["runc"]);
    }

    private Task RunAsync(RuntimePlan plan, bool isWanted) => new RuntimeInstaller(
        _containerd.Client, _containerd, TimeProvider.System, "restart", TimeSpan.FromSeconds(10), _ => { })
        .RunAsync(plan, _containerd.Target.Handler, isWanted, CancellationToken.None);

    private RuntimePlan Plan(ContainerdAnswer answer, Func<RuntimePlanner, RuntimePlan> make)
    {
        var faults = new Faults();
        var plan = make(new RuntimePlanner(_containerd.Target, answer, faults));
        faults.All.ShouldBeEmpty();
        return plan;
    }
}
