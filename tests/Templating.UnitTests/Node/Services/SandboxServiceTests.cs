using Grpc.Core;
using Templating.Core.Building;
using Templating.Core.Names;
using Templating.UnitTests.Node.Fakes;
using Templating.V1;
using GuestSpec = Templating.Core.Templates.GuestSpec;
using MachineSpec = Templating.Core.Machines.MachineSpec;
using TemplateSpec = Templating.Core.Templates.TemplateSpec;

namespace Templating.UnitTests.Node.Services;

/// <summary>The service on a real socket, with this process as the owner of all.</summary>
public sealed class SandboxServiceTests : IAsyncLifetime
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly CancellationTokenSource _limit = new(Limit);
    private TestDaemon _daemon = null!;
    private SandboxService.SandboxServiceClient _sandboxes = null!;
    private CloneService.CloneServiceClient _clones = null!;

    public async Task InitializeAsync()
    {
        _daemon = await TestDaemon.StartAsync();
        await _daemon.Templates.CreateAsync(
            new CreateTemplate
            {
                Name = new TemplateName("a", "box"),
                AnyPath = true,
                Spec = new TemplateSpec
                {
                    Guest = new GuestSpec { KernelPath = _daemon.Kernel },
                    Machine = new MachineSpec { MemoryBytes = 128 * MachineSpec.MiB, MaxMemoryBytes = 512 * MachineSpec.MiB },
                    Sandbox = true,
                },
            },
            progress: null, CancellationToken.None);
        var channel = _daemon.Connect();
        (_sandboxes, _clones) = (new SandboxService.SandboxServiceClient(channel), new CloneService.CloneServiceClient(channel));
    }

    public async Task DisposeAsync()
    {
        _limit.Dispose();
        await _daemon.DisposeAsync();
    }

    [Fact]
    public async Task WhatIsHeldIsAllThatItsOwnerNeeds()
    {
        using var call = _sandboxes.Hold(cancellationToken: _limit.Token);

        var held = (await AcquireAsync(call, "one")).Held;

        held.Clone_.ShouldSatisfyAllConditions(
            c => c.Id.ShouldBe("one"), c => c.State.ShouldBe(CloneState.Running), c => c.Owner.Pid.ShouldBe(Environment.ProcessId),
            c => c.Identity.Generation.ShouldNotBeEmpty(), c => c.Phases.ShouldNotBeEmpty());
        held.Connection.OwnerPort.ShouldStartWith(_daemon.Options.RunPath);
        held.Connection.OwnerPort.ShouldEndWith("/shim.sock");
        held.Room.ShouldBe(new SandboxRoom
        {
            FreePorts = 16,
            FreeMemorySlots = 8,
            MemoryBytes = 128 << 20,
            MaxMemoryBytes = 512 << 20,
            Vcpus = 1,
            MaxVcpus = 1,
        });
        (await _sandboxes.GetSandboxAsync(new GetSandboxRequest { Name = held.Clone_.Name })).ShouldBe(held);
    }

    [Fact]
    public async Task SandboxesAreListedPageByPageAndNoOtherClone()
    {
        await _daemon.BuildAsync();
        await _clones.CreateCloneAsync(new CreateCloneRequest { Id = "plain", Spec = new CloneSpec { Template = "tenants/a/templates/t" } });
        var calls = Enumerable.Range(0, 5).Select(_ => _sandboxes.Hold(cancellationToken: _limit.Token)).ToList();
        foreach (var (call, i) in calls.Select((call, i) => (call, i)))
        {
            await AcquireAsync(call, $"box-{i}");
        }

        var listed = new List<string>();
        var request = new ListSandboxesRequest { Parent = "tenants/a", PageSize = 2 };
        do
        {
            var page = await _sandboxes.ListSandboxesAsync(request);
            page.Sandboxes.Count.ShouldBeLessThanOrEqualTo(2);
            page.Sandboxes.ShouldAllBe(s => s.Connection != null && s.Room != null);
            listed.AddRange(page.Sandboxes.Select(s => s.Clone_.Id));
            request.PageToken = page.NextPageToken;
        }
        while (request.PageToken.Length > 0);

        listed.ShouldBe(["box-0", "box-1", "box-2", "box-3", "box-4"]);
        (await _sandboxes.ListSandboxesAsync(new ListSandboxesRequest { Parent = "tenants/-", Template = "tenants/a/templates/t" })).Sandboxes.ShouldBeEmpty();
        (await Errors.FailureOf(async () => await _sandboxes.ListSandboxesAsync(
            new ListSandboxesRequest { Parent = "x", PageSize = 1001, PageToken = "?", Template = "y" })))
            .Fields().ShouldBe(["parent", "page_token", "page_size", "template"], ignoreOrder: true);
        (await Errors.FailureOf(async () => await _sandboxes.ListSandboxesAsync(
            new ListSandboxesRequest { Parent = "tenants/a", PageToken = (await _clones.ListClonesAsync(new ListClonesRequest { Parent = "tenants/a", PageSize = 1 })).NextPageToken })))
            .Fields().ShouldBe(["page_token"]);
        calls.ForEach(call => call.Dispose());
    }

    [Fact]
    public async Task ACloneWithoutAnOwnerIsRefusedWithWhatToDo()
    {
        await _daemon.BuildAsync();
        await _clones.CreateCloneAsync(new CreateCloneRequest { Id = "plain", Spec = new CloneSpec { Template = "tenants/a/templates/t" } });

        (await Errors.FailureOf(async () => await _sandboxes.ResizeSandboxAsync(new ResizeCloneRequest { Name = "tenants/a/clones/plain", Vcpus = 2 })))
            .Info().Reason.ShouldBe("CLONE_NOT_FOUND");
        foreach (var name in new[] { "plain", "none" })
        {
            var failure = await Errors.FailureOf(async () => await _sandboxes.GetSandboxAsync(new GetSandboxRequest { Name = $"tenants/a/clones/{name}" }));
            failure.StatusCode.ShouldBe(StatusCode.NotFound);
            failure.Info().Reason.ShouldBe("CLONE_NOT_FOUND");
            failure.Status.Detail.ShouldContain("templating clone");
        }
    }

    [Fact]
    public async Task ASandboxGrowsAndTellsWhatRoomIsLeft()
    {
        using var call = _sandboxes.Hold(cancellationToken: _limit.Token);
        var name = (await AcquireAsync(call, "box")).Held.Clone_.Name;

        var grown = await _sandboxes.ResizeSandboxAsync(new ResizeCloneRequest { Name = name, MemoryBytes = 256 << 20 });

        grown.Room.ShouldSatisfyAllConditions(
            r => r.MemoryBytes.ShouldBe(256 << 20), r => r.MaxMemoryBytes.ShouldBe(512 << 20), r => r.FreeMemorySlots.ShouldBe(7), r => r.FreePorts.ShouldBe(16));
        (await Errors.FailureOf(async () => await _sandboxes.ResizeSandboxAsync(new ResizeCloneRequest { Name = name, MemoryBytes = 1 << 30 })))
            .Fields().ShouldBe(["memory_bytes"]);
    }

    [Fact]
    public async Task ADiskIsPluggedAndUnpluggedBySandboxesOwnService()
    {
        using var call = _sandboxes.Hold(cancellationToken: _limit.Token);
        var name = (await AcquireAsync(call, "box")).Held.Clone_.Name;

        var device = (await _sandboxes.PlugDeviceAsync(new PlugCloneRequest { Name = name, Disk = new PlugDisk { SizeBytes = 1 << 20 } })).Device;

        var held = await _sandboxes.GetSandboxAsync(new GetSandboxRequest { Name = name });
        (held.Room.FreePorts, held.Clone_.Devices.ShouldHaveSingleItem()).ShouldBe((15, device));
        var left = await _sandboxes.UnplugDeviceAsync(new UnplugCloneRequest { Name = name, Device = device.Id });
        (left.Room.FreePorts, left.Clone_.Devices.Count).ShouldBe((16, 0));
        (await Errors.FailureOf(async () => await _sandboxes.PlugDeviceAsync(new PlugCloneRequest { Name = "tenants/a/clones/none", Disk = new PlugDisk { SizeBytes = 1 << 20 } })))
            .Info().Reason.ShouldBe("CLONE_NOT_FOUND");
    }

    [Fact]
    public async Task AWatchTellsOfSandboxesAloneAndOfAnEndWithoutAConnection()
    {
        using var watch = _sandboxes.WatchSandboxes(new WatchSandboxesRequest { Parent = "tenants/a" }, cancellationToken: _limit.Token);
        (await NextAsync(watch)).Type.ShouldBe(ChangeType.Synced);
        await _daemon.BuildAsync();
        await _clones.CreateCloneAsync(new CreateCloneRequest { Id = "plain", Spec = new CloneSpec { Template = "tenants/a/templates/t" } });
        using var call = _sandboxes.Hold(cancellationToken: _limit.Token);
        await AcquireAsync(call, "box");

        var added = await NextAsync(watch);
        (added.Type, added.Sandbox.Clone_.Id).ShouldBe((ChangeType.Added, "box"));
        await _sandboxes.ReleaseSandboxAsync(new ReleaseSandboxRequest { Name = added.Sandbox.Clone_.Name });
        var last = added;
        while (last.Type != ChangeType.Deleted)
        {
            last = await NextAsync(watch);
            last.Sandbox.Clone_.Id.ShouldBe("box");
        }

        (last.Sandbox.Connection, last.Sandbox.Room).ShouldBe((null, null));
    }

    [Fact]
    public async Task WhoWaitsForRunningAloneIsToldThenAndDetachesWhenItIsReady()
    {
        var identity = new TaskCompletionSource();
        _daemon.Vmm.OnStep = (step, _, _) => step == "identify" ? identity.Task : Task.CompletedTask;
        using var call = _sandboxes.Hold(cancellationToken: _limit.Token);

        var held = (await AcquireAsync(call, "box", acquire => acquire.WaitFor = WaitFor.Running)).Held;

        (held.Clone_.State, held.Clone_.ReadyTime).ShouldBe((CloneState.Running, null));
        await call.RequestStream.WriteAsync(new HoldRequest { Detach = new DetachSandbox() });
        var next = NextAsync(call);
        (await _sandboxes.GetSandboxAsync(new GetSandboxRequest { Name = held.Clone_.Name })).Clone_.Owner.Detached.ShouldBeFalse();
        next.IsCompleted.ShouldBeFalse();
        identity.SetResult();
        (await next).Detached.ShouldNotBeNull();
        (await _sandboxes.GetSandboxAsync(new GetSandboxRequest { Name = held.Clone_.Name })).Clone_.ShouldSatisfyAllConditions(
            c => c.Owner.Detached.ShouldBeTrue(), c => c.ReadyTime.ShouldNotBeNull());
    }

    [Fact]
    public async Task ACallThatBreaksOffWhileItsSandboxStartsLeavesNothing()
    {
        var started = new TaskCompletionSource();
        var restore = new TaskCompletionSource();
        _daemon.Vmm.OnStep = (step, _, cancelled) =>
        {
            started.TrySetResult();
            return step == "identify" ? restore.Task.WaitAsync(cancelled) : Task.CompletedTask;
        };
        var call = _sandboxes.Hold(cancellationToken: _limit.Token);
        await call.RequestStream.WriteAsync(Acquire("box"));
        await started.Task.WaitAsync(_limit.Token);

        call.Dispose();

        await Eventually.True(() => _daemon.Clones.List(null).Count == 0 && _daemon.Clones.Capacity.ChargedBytes == 0);
    }

    [Fact]
    public async Task CallsThatSayNothingAreLimitedAndKeepNobodyFromCallingWhenTheyAreGone()
    {
        // Root and the daemon's own user may act for all: eight times as many.
        await using var daemon = await TestDaemon.StartAsync((options, _) => options.MaxCallsPerCaller = 8);
        var sandboxes = new SandboxService.SandboxServiceClient(daemon.Connect());
        var calls = Enumerable.Range(0, 90).Select(_ => sandboxes.Hold(cancellationToken: _limit.Token)).ToList();

        var refusals = new List<StatusCode>();
        await foreach (var read in Task.WhenEach(calls.Select(call => call.ResponseStream.MoveNext(_limit.Token))))
        {
            refusals.Add((await Errors.FailureOf(() => read)).StatusCode);
            if (refusals.Count == 26)
            {
                break;
            }
        }

        refusals.ShouldAllBe(code => code == StatusCode.ResourceExhausted);
        calls.ForEach(call => call.Dispose());
        await Testing.Eventually.UntilAsync(
            async () => await Record.ExceptionAsync(() => sandboxes.ListSandboxesAsync(new ListSandboxesRequest { Parent = "tenants/-" }).ResponseAsync) is null,
            "they have left their places", cancellationToken: _limit.Token);
    }

    [Fact]
    public async Task AWaitThatIsNotKnownIsRefused()
    {
        using var call = _sandboxes.Hold(cancellationToken: _limit.Token);

        (await Errors.FailureOf(async () => await AcquireAsync(call, "box", acquire => acquire.WaitFor = (WaitFor)9))).Fields().ShouldBe(["acquire.wait_for"]);
    }

    private static HoldRequest Acquire(string id) => new()
    {
        Acquire = new AcquireSandbox
        {
            SandboxId = id,
            Spec = new CloneSpec { Template = "tenants/a/templates/box" },
            Owner = new V1.SandboxOwner { Pid = Environment.ProcessId },
        },
    };

    private async Task<HoldResponse> AcquireAsync(AsyncDuplexStreamingCall<HoldRequest, HoldResponse> call, string id, Action<AcquireSandbox>? change = null)
    {
        var request = Acquire(id);
        change?.Invoke(request.Acquire);
        await call.RequestStream.WriteAsync(request);
        return await NextAsync(call);
    }

    private async Task<HoldResponse> NextAsync(AsyncDuplexStreamingCall<HoldRequest, HoldResponse> call)
    {
        (await call.ResponseStream.MoveNext(_limit.Token)).ShouldBeTrue();
        return call.ResponseStream.Current;
    }

    private async Task<WatchSandboxesResponse> NextAsync(AsyncServerStreamingCall<WatchSandboxesResponse> call)
    {
        (await call.ResponseStream.MoveNext(_limit.Token)).ShouldBeTrue();
        return call.ResponseStream.Current;
    }
}
