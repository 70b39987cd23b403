using Grpc.Core;
using Templating.Shim.Daemon;
using Templating.Shim.Errors;
using Templating.Shim.Options;
using Templating.V1;

namespace Templating.ShimTests.Daemon;

public sealed class PodVmClientTests : IAsyncLifetime
{
    private static readonly PodVmRequest Request = new()
    {
        SandboxId = "pod",
        Template = "tenants/t/templates/sandbox",
        Cgroups = ["/sys/fs/cgroup/a"],
        OwnerPid = 12,
        Hostname = "web-1",
    };

    private readonly ScriptedDaemon _daemon = new();
    private PodVmClient _client = null!;

    public Task InitializeAsync()
    {
        _client = Connect(ShimOptions.Default);
        return _daemon.StartAsync();
    }

    public async Task DisposeAsync()
    {
        _client.Dispose();
        await _daemon.DisposeAsync();
    }

    [Fact]
    public async Task AVmIsHeldAndThenLivesOnItsOwn()
    {
        AcquireSandbox? acquired = null;
        var ended = new TaskCompletionSource();
        _daemon.OnHold = async (requests, responses, token) =>
        {
            (await requests.MoveNext(token)).ShouldBeTrue();
            acquired = requests.Current.Acquire;
            await responses.WriteAsync(new HoldResponse { Held = _daemon.Sandbox }, token);
            (await requests.MoveNext(token)).ShouldBeTrue();
            requests.Current.Detach.ShouldNotBeNull();
            await responses.WriteAsync(new HoldResponse { Detached = new SandboxDetached() }, token);
            await using var end = token.Register(ended.SetResult);
            await ended.Task;
        };

        await using (var held = await _client.HoldAsync(Request, CancellationToken.None))
        {
            (held.Name, held.OwnerPort, held.QemuPid).ShouldBe((ScriptedDaemon.Name, "/run/port", 4711));
            await held.DetachAsync(CancellationToken.None);
            ended.Task.IsCompleted.ShouldBeFalse();
        }

        await ended.Task;
        (acquired!.SandboxId, acquired.Spec.Template, acquired.Spec.Hostname, acquired.Owner.Pid, acquired.WaitFor)
            .ShouldBe(("pod", Request.Template, "web-1", 12, WaitFor.Running));
        acquired.Cgroups.ShouldBe(Request.Cgroups);
    }

    [Fact]
    public async Task AVmThatEndsBeforeItIsReadyIsToldWithItsReason()
    {
        _daemon.OnHold = async (requests, responses, token) =>
        {
            await requests.MoveNext(token);
            await responses.WriteAsync(new HoldResponse { Held = _daemon.Sandbox }, token);
            await requests.MoveNext(token);
            await responses.WriteAsync(new HoldResponse { Ended = new SandboxEnded { Reason = "its guest was silent" } }, token);
        };
        await using var held = await _client.HoldAsync(Request, CancellationToken.None);

        (await Should.ThrowAsync<ShimException>(() => held.DetachAsync(CancellationToken.None))).Message.ShouldContain("its guest was silent");
    }

    [Fact]
    public async Task ADaemonThatIsAwayForAMomentIsWaitedFor()
    {
        var tries = 0;
        _daemon.OnHold = async (requests, responses, token) =>
        {
            await requests.MoveNext(token);
            if (++tries < 3)
            {
                throw ScriptedDaemon.Refusal(StatusCode.Unavailable, "it stops");
            }

            await responses.WriteAsync(new HoldResponse { Held = _daemon.Sandbox }, token);
            await requests.MoveNext(token);
        };

        await using var held = await _client.HoldAsync(Request, CancellationToken.None);

        tries.ShouldBe(3);
    }

    [Fact]
    public async Task ADaemonThatStaysAwayIsNamedWithWhatToLookFor()
    {
        await using var away = new ScriptedDaemon();
        using var client = new PodVmClient(
            ShimOptions.Default with { Daemon = away.Address, DaemonPatience = TimeSpan.FromMilliseconds(200) }, TimeProvider.System);

        var refusal = await Should.ThrowAsync<ShimException>(() => client.GetAsync(ScriptedDaemon.Name, CancellationToken.None));

        refusal.Code.ShouldBe(StatusCode.Unavailable);
        refusal.Message.ShouldContain(away.Address.ToString());
        refusal.Message.ShouldContain("See whether templating runs on this node");
    }

    [Fact]
    public async Task ARefusalIsToldInTheDaemonsWordsAndNotRepeated()
    {
        var tries = 0;
        _daemon.OnHold = (_, _, _) =>
        {
            tries++;
            throw ScriptedDaemon.Refusal(StatusCode.NotFound, "There is no template 'sandbox'.");
        };

        var refusal = await Should.ThrowAsync<ShimException>(() => _client.HoldAsync(Request, CancellationToken.None));

        (refusal.Code, tries).ShouldBe((StatusCode.NotFound, 1));
        refusal.Message.ShouldBe("Cannot start the pod's VM: There is no template 'sandbox'.");
    }

    [Fact]
    public async Task WhatTakesTooLongEndsAndTheDaemonIsToldSo()
    {
        var cancelled = new TaskCompletionSource();
        using var client = Connect(ShimOptions.Default with { ImageTimeout = TimeSpan.FromMilliseconds(200) });
        _daemon.OnPublish = async (_, token) =>
        {
            await using var end = token.Register(cancelled.SetResult);
            await cancelled.Task;
            throw new OperationCanceledException();
        };

        var refusal = await Should.ThrowAsync<ShimException>(() => client.PublishAsync("t", ["/a"], CancellationToken.None));

        refusal.Code.ShouldBe(StatusCode.DeadlineExceeded);
        await cancelled.Task;
    }

    [Fact]
    public async Task ADeviceThatABrokenCallHasPluggedIsNotPluggedTwice()
    {
        var plugs = 0;
        _daemon.OnPlug = request =>
        {
            var device = new PluggedDevice { Id = $"plug{plugs++}", Kind = PluggedKind.Image, Digest = request.Image.Digest };
            _daemon.Sandbox.Clone_.Devices.Add(device);
            return plugs == 2 ? throw ScriptedDaemon.Refusal(StatusCode.Unavailable, "it stops") : device;
        };

        var first = await _client.PlugImageAsync(ScriptedDaemon.Name, "d1", CancellationToken.None);
        var second = await _client.PlugImageAsync(ScriptedDaemon.Name, "d1", CancellationToken.None);

        (first.Id, second.Id, plugs).ShouldBe(("plug0", "plug1", 2));
    }

    [Fact]
    public async Task AVmThatHasGrownInABrokenCallIsNotGrownAgain()
    {
        var resizes = 0;
        _daemon.OnResize = request =>
        {
            resizes++;
            (_daemon.Sandbox.Room.Vcpus, _daemon.Sandbox.Room.MemoryBytes) = (request.Vcpus, request.MemoryBytes);
            throw ScriptedDaemon.Refusal(StatusCode.Unavailable, "it stops");
        };

        var grown = await _client.ResizeAsync(ScriptedDaemon.Name, 2, 1 << 29, CancellationToken.None);

        (grown.Room.Vcpus, resizes).ShouldBe((2, 1));
    }

    [Fact]
    public async Task AReleaseOfWhatIsGoneIsSuccess()
    {
        var released = "";
        _daemon.OnRelease = request =>
        {
            released = request.Name;
            throw ScriptedDaemon.Refusal(StatusCode.NotFound, "gone");
        };

        await _client.ReleaseAsync(ScriptedDaemon.Name, TimeSpan.Zero, CancellationToken.None);

        released.ShouldBe(ScriptedDaemon.Name);
    }

    [Fact]
    public async Task WhoGivesUpIsNotToldOfAFailure()
    {
        using var stop = new CancellationTokenSource();
        _daemon.OnHold = async (_, _, token) =>
        {
            await stop.CancelAsync();
            var ended = new TaskCompletionSource();
            await using var end = token.Register(ended.SetResult);
            await ended.Task;
        };

        await Should.ThrowAsync<OperationCanceledException>(() => _client.HoldAsync(Request, stop.Token));
    }

    private PodVmClient Connect(ShimOptions options) => new(options with { Daemon = _daemon.Address }, TimeProvider.System);
}
