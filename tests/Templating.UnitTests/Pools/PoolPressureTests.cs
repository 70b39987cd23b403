using Templating.Core.Capacity;
using Templating.Core.Pools;
using Templating.Testing;

namespace Templating.UnitTests.Pools;

/// <summary>What a pool does on a host that is short of something, told by files in the place of the kernel's.</summary>
public sealed class PoolPressureTests : PoolTest
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly TempFolder _kernel;

    public PoolPressureTests()
        : this(new TempFolder())
    {
    }

    private PoolPressureTests(TempFolder kernel)
        : base(options: options => options with { Pressure = new PressureLimits(), PressureFolder = kernel.Path, PressedInterval = Interval }) => _kernel = kernel;

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        _kernel.Dispose();
    }

    [Fact]
    public async Task OnAHostThatIsShortOfCpusItFillsSlowlyAndSaysWhy()
    {
        Tell("cpu", 97);
        Set(restored: 3);

        var slow = await SeeAsync(pool => pool.Problem == PoolProblem.HostPressure, "it is slowed down");

        slow.ProblemText.ShouldContain("cpu");
        var full = await WaitAsync(restored: 3);
        full.Problem.ShouldBe(PoolProblem.None);
        (full.Vms.Max(vm => vm.Since) - full.Vms.Min(vm => vm.Since)).ShouldBeGreaterThanOrEqualTo(Interval);
    }

    [Fact]
    public async Task OnAHostThatIsShortOfMemoryItStartsNoneUntilThatIsOver()
    {
        Tell("memory", 40);
        Set(restored: 1);

        var held = await SeeAsync(pool => pool.Problem == PoolProblem.HostPressure, "it is held");

        held.ProblemText.ShouldContain("memory");
        (held.Vms.Count, held.Starting).ShouldBe((0, 0));
        Tell("memory", 1);
        (await WaitAsync(restored: 1)).Problem.ShouldBe(PoolProblem.None);
    }

    private void Tell(string resource, int percent)
    {
        // Whole, or not at all: somebody reads it meanwhile.
        var next = _kernel.Write(resource + ".next", $"some avg10={percent}.00 avg60=0.00 avg300=0.00 total=1\n");
        File.Move(next, _kernel[resource], overwrite: true);
    }
}
