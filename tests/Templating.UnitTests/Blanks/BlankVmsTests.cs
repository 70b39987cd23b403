using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Templating.Core.Blanks;
using Templating.Core.Capacity;
using Templating.Core.Errors;
using Templating.Core.Machines;
using Templating.Core.Vms;
using Templating.Testing;
using Templating.Testing.Fakes;

namespace Templating.UnitTests.Blanks;

/// <summary>Which VMs are kept waiting, and who gets them.</summary>
public sealed class BlankVmsTests : IAsyncLifetime
{
    private static readonly NetworkSpec Inward = new(Outbound: false, []);

    private readonly FakeVmm _vmm = new();
    private readonly FakeTimeProvider _time = new();
    private readonly VmUserPool _users = new(1000, 100);
    private readonly NodeCapacity _capacity = new(new CapacityOptions { BudgetBytes = 1024 * MachineSpec.MiB });
    private readonly TempFolder _folder = new();
    private readonly CancellationTokenSource _stop = new();
    private BlankVms? _blanks;
    private Task _running = Task.CompletedTask;

    [Fact]
    public async Task ShapeThatWasWantedIsKeptAndGivenOnce()
    {
        // By a clock that stands: no other one is made between the two that want it.
        var blanks = Start(refillDelay: TimeSpan.FromSeconds(1));
        blanks.Take(Machine(), 1, Inward).ShouldBeNull("nothing waits yet, and nobody waits for it");
        await MadeAsync();

        var taken = blanks.Take(Machine(memory: 512), 1, Inward).ShouldNotBeNull("memory is none of the shape");
        var second = blanks.Take(Machine(), 1, Inward);

        second.ShouldBeNull();
        var fake = _vmm.Blanks[0];
        taken.Generation.ShouldBe(fake.Request.Generation);
        taken.User!.User.ShouldBe(fake.Request.User);
        await MadeAsync();
        _vmm.Blanks[1].Request.Generation.ShouldNotBe(taken.Generation);
        _vmm.Blanks[1].Request.User.ShouldNotBe(taken.User.User);
    }

    [Theory]
    [InlineData("cpu")]
    [InlineData("vcpus")]
    [InlineData("images")]
    [InlineData("sandbox")]
    [InlineData("machine")]
    [InlineData("version")]
    public async Task AnotherShapeGetsNone(string difference)
    {
        var blanks = Start();
        blanks.Expect(Machine(), 1);
        await WaitingAsync(1);
        var other = difference switch
        {
            "cpu" => Machine() with { CpuModel = "qemu64" },
            "vcpus" => Machine() with { Vcpus = 2 },
            "sandbox" => Machine() with { Sandbox = true },
            "machine" => Machine() with { MachineType = "pc-q35-9.0" },
            "version" => Machine() with { QemuVersion = "9.0.0" },
            _ => Machine(),
        };

        blanks.Take(other, difference == "images" ? 2 : 1, Inward).ShouldBeNull();
        blanks.Take(Machine(), 1, new NetworkSpec(Outbound: true, [])).ShouldBeNull("its network is there from its start");
        blanks.Take(Machine(), 1, Inward).ShouldNotBeNull();
    }

    [Fact]
    public async Task QemuThatCannotGetsNone()
    {
        _vmm.Info = _vmm.Info with { BlankProblem = "it is too old" };
        var blanks = Start();

        blanks.Take(Machine(), 1, Inward).ShouldBeNull();
        blanks.Expect(Machine(), 1);
        _time.Advance(TimeSpan.FromMinutes(1));
        await _blanks!.DisposeAsync();

        _vmm.Blanks.ShouldBeEmpty();
    }

    [Fact]
    public async Task TheShapeUsedLeastLatelyGivesWay()
    {
        var blanks = Start(most: 2);
        blanks.Expect(Machine(), 1);
        await WaitingAsync(1);
        _time.Advance(TimeSpan.FromSeconds(1));
        blanks.Expect(Machine(), 2);
        await WaitingAsync(2);
        _time.Advance(TimeSpan.FromSeconds(1));

        blanks.Expect(Machine(), 3);

        await Eventually.UntilAsync(() => _vmm.Blanks.Count == 3 && blanks.Waiting == 2, "the third waits in the first's place");
        _vmm.Blanks[0].Exited.IsCompleted.ShouldBeTrue();
        _vmm.Blanks[1].Exited.IsCompleted.ShouldBeFalse();
        // Last: whoever asks uses the shape, and the second one's place is its.
        blanks.Take(Machine(), 1, Inward).ShouldBeNull();
    }

    [Fact]
    public async Task ShapeThatNobodyUsesAnyMoreIsGivenUp()
    {
        var blanks = Start();
        blanks.Expect(Machine(), 1);
        await WaitingAsync(1);

        await Eventually.UntilAsync(
            () =>
            {
                _time.Advance(TimeSpan.FromMinutes(2));
                return blanks.Waiting == 0;
            }, "it is given up");

        await NothingIsHeldAsync();
    }

    [Fact]
    public async Task OneOfAnExchangedQemuIsNotGiven()
    {
        var blanks = Start();
        blanks.Expect(Machine(), 1);
        await WaitingAsync(1);
        _vmm.Build++;

        blanks.Take(Machine(), 1, Inward).ShouldBeNull();

        await Eventually.UntilAsync(() => _vmm.Blanks.Count == 2, "one of the new QEMU is made");
        _vmm.Blanks[0].Exited.IsCompleted.ShouldBeTrue();
        await WaitingAsync(1);
        blanks.Take(Machine(), 1, Inward).ShouldNotBeNull();
    }

    [Fact]
    public async Task TheyAreChargedToNobodyAndGiveWayToVms()
    {
        var blanks = Start(count: 4);
        blanks.Expect(Machine(), 1);
        await WaitingAsync(4);
        _capacity.View.ChargedBytes.ShouldBe(4 * 64 * MachineSpec.MiB);
        _capacity.View.Clones.ShouldBe(0);
        _capacity.Of("a").ShouldBe((0, 0));

        using var charge = _capacity.Charge("a", 900 * MachineSpec.MiB);

        // 1024 MiB less 964 leave room for none.
        blanks.Waiting.ShouldBe(0);
        _capacity.View.ChargedBytes.ShouldBe(charge.Bytes);
        await Eventually.UntilAsync(() => _vmm.Blanks.TrueForAll(blank => blank.Exited.IsCompleted), "they are ended");
    }

    [Fact]
    public async Task OnlySoManyGiveWayAsHaveTo()
    {
        var blanks = Start(count: 4);
        blanks.Expect(Machine(), 1);
        await WaitingAsync(4);

        using var charge = _capacity.Charge("a", (1024 - 64 - 192) * MachineSpec.MiB);

        blanks.Waiting.ShouldBe(3);
    }

    [Fact]
    public async Task TheyTakeNoUserThatAVmMightNeed()
    {
        var rented = Enumerable.Range(0, 50).Select(_ => _users.Rent()).ToList();
        var blanks = Start();
        blanks.Expect(Machine(), 1);
        await Eventually.UntilAsync(() => { _time.Advance(TimeSpan.FromSeconds(20)); return _vmm.Blanks.Count == 0; }, "none is made");

        rented[0].Dispose();

        await Eventually.UntilAsync(() => { _time.Advance(TimeSpan.FromSeconds(20)); return blanks.Waiting == 1; }, "there is room for one");
    }

    [Fact]
    public async Task OneThatHangsInTheKernelKeepsItsUserAndKeepsNobodyWaiting()
    {
        var blanks = Start();
        blanks.Expect(Machine(), 1);
        await WaitingAsync(1);
        _vmm.Blanks[0].DiesOfKill = false;
        _vmm.FailAt("bind", ErrorCode.QmpFailed, "it hangs");
        var taken = blanks.Take(Machine(), 1, Inward).ShouldNotBeNull();

        await Should.ThrowAsync<TemplatingException>(() => taken.BindAsync(Request(), CancellationToken.None));

        await WaitingAsync(1);
        _users.Taken.ShouldBe(2, "its own, and that of the next");
        _vmm.Blanks[0].Die();
        await Eventually.UntilAsync(() => _users.Taken == 1, "it is given back when the process is gone");
    }

    [Fact]
    public async Task OneThatDiesWhileItWaitsIsClearedAwayAndMadeAnew()
    {
        var blanks = Start();
        blanks.Expect(Machine(), 1);
        await WaitingAsync(1);

        _vmm.Blanks[0].Die();

        await Eventually.UntilAsync(() => !Directory.Exists(_vmm.Blanks[0].Request.Folder.Path), "its folder is gone");
        await Eventually.UntilAsync(() => { _time.Advance(TimeSpan.FromSeconds(20)); return blanks.Waiting == 1; }, "another one waits");
    }

    [Fact]
    public async Task DaemonThatEndsTakesThemWithIt()
    {
        var blanks = Start();
        blanks.Expect(Machine(), 1);
        await WaitingAsync(1);

        await blanks.DisposeAsync();

        await NothingIsHeldAsync();
        Directory.EnumerateFileSystemEntries(_folder["blanks"]).ShouldBeEmpty();
    }

    [Fact]
    public async Task WhatADeadDaemonLeftIsEnded()
    {
        Directory.CreateDirectory(_folder["blanks/left"]);
        var blanks = Start();

        await blanks.RecoverAsync(CancellationToken.None);

        _vmm.Reaped.ShouldBe([new VmFolder(_folder["blanks/left"])]);
        Directory.Exists(_folder["blanks/left"]).ShouldBeFalse();
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await (_blanks?.DisposeAsync() ?? ValueTask.CompletedTask);
        _stop.Dispose();
        _folder.Dispose();
    }

    private BlankVms Start(int count = 1, int most = 4, TimeSpan refillDelay = default)
    {
        var parts = new VmParts(_vmm, _capacity, _users, TestMetrics.Create(), _time);
        _blanks = new BlankVms(
            parts, new BlankOptions { Folder = _folder["blanks"], Count = count, Most = most, RefillDelay = refillDelay }, NullLogger<BlankVms>.Instance);
        _running = Task.Run(() => _blanks.RunAsync(_stop.Token));
        return _blanks;
    }

    private Task MadeAsync() => Eventually.UntilAsync(() => { _time.Advance(TimeSpan.FromSeconds(1)); return _blanks!.Waiting == 1; }, "one is made");

    private Task WaitingAsync(int count) => Eventually.UntilAsync(() => _blanks!.Waiting == count, $"{count} wait");

    private async Task NothingIsHeldAsync()
    {
        await Eventually.UntilAsync(() => _users.Taken == 0, "its user is given back");
        _capacity.View.ChargedBytes.ShouldBe(0);
        _vmm.Blanks.ShouldAllBe(blank => blank.Exited.IsCompleted);
    }

    private PrepareRequest Request() => new()
    {
        Folder = new VmFolder(_folder["clone"]),
        Machine = Machine(),
        MemoryPath = "",
        StatePath = "",
        Generation = Guid.Empty,
    };

    private static ResolvedMachine Machine(long memory = 256) => new()
    {
        QemuVersion = FakeVmm.Version,
        MachineType = "pc-q35-10.0",
        CpuModel = "max",
        Accelerator = Accelerator.Tcg,
        Vcpus = 1,
        MemoryBytes = memory * MachineSpec.MiB,
        Devices = ["vmgenid"],
    };
}
