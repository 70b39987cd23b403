using Templating.Core.Clones;
using Templating.Core.Errors;
using Templating.Core.Machines;
using Templating.Core.Names;
using Templating.Testing.Fakes;

namespace Templating.UnitTests.Clones;

public sealed class CloneGrowthTests : IAsyncLifetime
{
    private FakeNode _node = new(budgetMiB: 1024);
    private CloneName _clone;
    private long _charged;

    public async Task InitializeAsync()
    {
        await _node.StartAsync();
        var request = _node.Request();
        await _node.Templates.CreateAsync(
            request with { Spec = request.Spec with { Sandbox = true, Machine = request.Spec.Machine with { MaxMemoryBytes = 2048 * MachineSpec.MiB, MaxVcpus = 4 } } },
            null, CancellationToken.None);
        var clone = await _node.Clones.CreateAsync(new CreateClone { Template = new TemplateName("a", "t") }, CancellationToken.None);
        (_clone, _charged) = (clone.Name, clone.ChargedBytes);
    }

    public async Task DisposeAsync() => await _node.DisposeAsync();

    [Fact]
    public async Task WhatACloneHasGrownToIsToldChargedAndGivenBackWithIt()
    {
        var clone = await ResizeAsync(160);

        clone.MemoryBytes.ShouldBe(160 * MachineSpec.MiB);
        clone.ChargedBytes.ShouldBe(_charged + (128 * MachineSpec.MiB));
        _node.Clones.Capacity.ChargedBytes.ShouldBe(clone.ChargedBytes);
        await _node.Clones.DeleteAsync(_clone, TimeSpan.Zero, CancellationToken.None);
        _node.Clones.Capacity.ChargedBytes.ShouldBe(0);
    }

    [Fact]
    public async Task TheNextDaemonKnowsWhatACloneHasGrownTo()
    {
        var before = await ResizeAsync(160);

        _node = await _node.RestartAsync();

        var clone = _node.Clones.Get(_clone);
        (clone.MemoryBytes, clone.ChargedBytes).ShouldBe((160 * MachineSpec.MiB, before.ChargedBytes));
        _node.Clones.Capacity.ChargedBytes.ShouldBe(before.ChargedBytes);
        (await ResizeAsync(288)).MemoryBytes.ShouldBe(288 * MachineSpec.MiB);
    }

    [Fact]
    public async Task MemoryThatTheNodeHasNotIsRefusedBeforeItIsPlugged()
    {
        var plugged = false;
        _node.Vmm.OnStep = (step, _, _) =>
        {
            plugged |= step == "plug_memory";
            return Task.CompletedTask;
        };

        (await Should.ThrowAsync<TemplatingException>(ResizeAsync(1056))).Code.ShouldBe(ErrorCode.NodeMemoryExhausted);

        plugged.ShouldBeFalse();
        _node.Clones.Capacity.ChargedBytes.ShouldBe(_charged);
    }

    [Fact]
    public async Task WhatCannotBePluggedIsGivenBack()
    {
        _node.Vmm.FailAt("plug_memory", ErrorCode.QmpFailed, "QEMU refused 'device_add'.");

        (await Should.ThrowAsync<TemplatingException>(ResizeAsync(160))).Code.ShouldBe(ErrorCode.QmpFailed);

        var clone = _node.Clones.Get(_clone);
        (clone.MemoryBytes, clone.ChargedBytes).ShouldBe((null, _charged));
        _node.Clones.Capacity.ChargedBytes.ShouldBe(_charged);
    }

    [Fact]
    public async Task WhatTheGuestDoesNotTakeIsToldAndStaysPlugged()
    {
        _node.Vmm.OnExec = _ => [new ExecStandardOutput("33554432 bytes\n"u8.ToArray()), new ExecExited(null, 9)];

        var failure = await Should.ThrowAsync<TemplatingException>(ResizeAsync(160));

        failure.Code.ShouldBe(ErrorCode.GuestNotReady);
        failure.Message.ShouldContain("it says: 33554432 bytes");
        _node.Clones.Get(_clone).MemoryBytes.ShouldBe(160 * MachineSpec.MiB);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(33)]
    [InlineData(4128)]
    public async Task ASizeThatItCannotHaveIsRefused(int mebibytes) =>
        (await Should.ThrowAsync<TemplatingException>(ResizeAsync(mebibytes))).Violations.ShouldAllBe(v => v.Field == "memory_bytes");

    [Fact]
    public async Task APausedCloneDoesNotGrow()
    {
        await _node.Clones.PauseAsync(_clone, CancellationToken.None);

        (await Should.ThrowAsync<TemplatingException>(ResizeAsync(160))).Code.ShouldBe(ErrorCode.IllegalState);
    }

    [Fact]
    public async Task BothSizesGrowInOneRequestAndTheNextDaemonKnowsThem()
    {
        var steps = new List<string>();
        IReadOnlyList<string> asked = [];
        _node.Vmm.OnStep = (step, _, _) =>
        {
            steps.Add(step);
            return Task.CompletedTask;
        };
        _node.Vmm.OnExec = arguments =>
        {
            asked = arguments;
            return [new ExecExited(0, null)];
        };

        var clone = await ResizeAsync(new CloneSize(3, 160 * MachineSpec.MiB));

        steps.ShouldBe(["plug_memory", "plug_cpus", "exec"]);
        asked.Skip(4).ShouldBe([$"{160 * MachineSpec.MiB}", "3"]);
        (clone.Vcpus, clone.MemoryBytes).ShouldBe((3, 160 * MachineSpec.MiB));
        clone.ChargedBytes.ShouldBe(_charged + (128 * MachineSpec.MiB), "CPUs are not counted");
        _node = await _node.RestartAsync();
        _node.Clones.Get(_clone).Vcpus.ShouldBe(3);
        (await ResizeAsync(new CloneSize(4, null))).ShouldSatisfyAllConditions(
            c => c.Vcpus.ShouldBe(4), c => c.MemoryBytes.ShouldBe(160 * MachineSpec.MiB));
    }

    [Fact]
    public async Task AllThatCannotBeIsToldAtOnceAndNothingIsPlugged()
    {
        await ResizeAsync(new CloneSize(2, null));

        var failure = await Should.ThrowAsync<TemplatingException>(ResizeAsync(new CloneSize(1, 33 * MachineSpec.MiB)));

        failure.Violations.Select(v => v.Field).ShouldBe(["memory_bytes", "vcpus"]);
        failure.Violations[1].Description.ShouldContain("it has 2, which cannot be taken away again");
        (await Should.ThrowAsync<TemplatingException>(ResizeAsync(new CloneSize(5, 160 * MachineSpec.MiB)))).Message.ShouldContain("max_vcpus is 4");
        _node.Clones.Get(_clone).MemoryBytes.ShouldBeNull();
    }

    [Fact]
    public async Task VcpusThatCannotBePluggedAreNotTold()
    {
        _node.Vmm.FailAt("plug_cpus", ErrorCode.QmpFailed, "QEMU refused 'device_add'.");

        (await Should.ThrowAsync<TemplatingException>(ResizeAsync(new CloneSize(2, 160 * MachineSpec.MiB)))).Code.ShouldBe(ErrorCode.QmpFailed);

        var clone = _node.Clones.Get(_clone);
        (clone.Vcpus, clone.MemoryBytes).ShouldBe((null, 160 * MachineSpec.MiB), "memory that was plugged stays, and is told and charged");
    }

    [Fact]
    public async Task VcpusThatTheGuestDoesNotTakeAreTold()
    {
        _node.Vmm.OnExec = _ => [new ExecStandardOutput("0 bytes 1 cpus\n"u8.ToArray()), new ExecExited(null, 9)];

        var failure = await Should.ThrowAsync<TemplatingException>(ResizeAsync(new CloneSize(2, null)));

        failure.Code.ShouldBe(ErrorCode.GuestNotReady);
        failure.Message.ShouldBe("It was plugged, but the guest does not have 2 vCPUs online after 30 s; it says: 0 bytes 1 cpus.");
    }

    private Task<CloneView> ResizeAsync(long mebibytes) => ResizeAsync(new CloneSize(null, mebibytes * MachineSpec.MiB));

    private Task<CloneView> ResizeAsync(CloneSize size) => _node.Clones.ResizeAsync(_clone, size, CancellationToken.None);
}
