using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Templating.Shim.Errors;
using Templating.Shim.Host;
using Templating.Shim.Protocol.Tasks;
using Templating.Shim.Tasks;
using Templating.ShimTests.Specs;
using Status = Templating.Shim.Protocol.Types.Status;

namespace Templating.ShimTests.Tasks;

public sealed class TaskServiceTests : IAsyncLifetime
{
    private const string Sandbox = PodTasksFixture.Sandbox;

    private readonly PodTasksFixture _pod = new();
    private readonly IdleMemory _memory = new(TimeProvider.System);
    private readonly TaskService _service;

    public TaskServiceTests() => _service = new TaskService(_pod.Tasks, _memory);

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        _memory.Dispose();
        await _pod.DisposeAsync();
    }

    [Fact]
    public async Task AContainersStateIsToldFromCreationToEnd()
    {
        await CreateAsync(Sandbox, Samples.PodSandbox());
        (await CreateAsync("one", Samples.PodContainer())).Pid.ShouldBe(4711u);
        (await StateAsync()).Status.ShouldBe(Status.Created);
        (await _service.StartAsync(new StartRequest { Id = "one" }, CancellationToken.None)).Pid.ShouldBe(4711u);
        (await StateAsync()).Status.ShouldBe(Status.Running);
        await _service.PauseAsync(new PauseRequest { Id = "one" }, CancellationToken.None);
        (await StateAsync()).Status.ShouldBe(Status.Paused);
        await _service.ResumeAsync(new ResumeRequest { Id = "one" }, CancellationToken.None);

        (await _pod.Pod.ProcessAsync(0)).Exit(5);

        (await _service.WaitAsync(new WaitRequest { Id = "one" }, CancellationToken.None)).ExitStatus.ShouldBe(5u);
        (await StateAsync()).ShouldSatisfyAllConditions(
            s => s.Status.ShouldBe(Status.Stopped), s => s.ExitStatus.ShouldBe(5u), s => s.ExitedAt.ShouldNotBeNull(), s => s.Bundle.ShouldEndWith("/one"));
        (await _service.DeleteAsync(new DeleteRequest { Id = "one" }, CancellationToken.None)).ExitStatus.ShouldBe(5u);
    }

    [Fact]
    public async Task WhatCannotBeMeantIsRefused()
    {
        await CreateAsync(Sandbox, Samples.PodSandbox());
        await RefusedAsync(StatusCode.InvalidArgument, () => _service.KillAsync(new KillRequest { Id = Sandbox }, CancellationToken.None));
        await RefusedAsync(StatusCode.InvalidArgument, () => _service.KillAsync(new KillRequest { Id = Sandbox, Signal = 65 }, CancellationToken.None));
        await RefusedAsync(StatusCode.InvalidArgument, () => _service.ExecAsync(new ExecProcessRequest { Id = Sandbox }, CancellationToken.None));
        await RefusedAsync(
            StatusCode.InvalidArgument, () => _service.ResizePtyAsync(new ResizePtyRequest { Id = Sandbox, Height = 70_000, Width = 80 }, CancellationToken.None));
        await RefusedAsync(StatusCode.InvalidArgument, () => _service.CreateAsync(new CreateTaskRequest { Id = "no", Bundle = "/not/there" }, CancellationToken.None));
        await RefusedAsync(
            StatusCode.Unimplemented, () => _service.CreateAsync(new CreateTaskRequest { Id = "no", Checkpoint = "/image" }, CancellationToken.None));
        await RefusedAsync(StatusCode.Unimplemented, () => _service.CheckpointAsync(new CheckpointTaskRequest { Id = Sandbox }, CancellationToken.None));
        await RefusedAsync(StatusCode.NotFound, () => _service.StateAsync(new StateRequest { Id = "one" }, CancellationToken.None));
        await RefusedAsync(StatusCode.NotFound, () => _service.PidsAsync(new PidsRequest { Id = "one" }, CancellationToken.None));
        await RefusedAsync(
            StatusCode.InvalidArgument,
            () => _service.UpdateAsync(new UpdateTaskRequest { Id = Sandbox, Resources = new Any { Value = ByteString.CopyFromUtf8("[") } }, CancellationToken.None));
    }

    [Fact]
    public async Task TheLastTasksShutdownIsThePods()
    {
        await CreateAsync(Sandbox, Samples.PodSandbox());
        await _service.ShutdownAsync(new ShutdownRequest(), CancellationToken.None);
        _service.Shutdown.IsCompleted.ShouldBeFalse();
        await _service.DeleteAsync(new DeleteRequest { Id = Sandbox }, CancellationToken.None);

        await _service.ShutdownAsync(new ShutdownRequest(), CancellationToken.None);

        _service.Shutdown.IsCompleted.ShouldBeTrue();
    }

    [Fact]
    public async Task OneWhoConnectsIsToldTheProcessesAndTheVersion()
    {
        (await ConnectAsync()).TaskPid.ShouldBe(0u);
        await CreateAsync(Sandbox, Samples.PodSandbox());

        (await ConnectAsync()).ShouldSatisfyAllConditions(
            c => c.TaskPid.ShouldBe(4711u), c => c.ShimPid.ShouldBe((uint)Environment.ProcessId), c => c.Version.ShouldBe(ShimVersion.Text),
            c => c.Version.ShouldNotBeEmpty());
    }

    private async Task<CreateTaskResponse> CreateAsync(string id, System.Text.Json.Nodes.JsonObject document) =>
        await _service.CreateAsync(new CreateTaskRequest { Id = id, Bundle = _pod.Bundle(id, document) }, CancellationToken.None);

    private Task<StateResponse> StateAsync() => _service.StateAsync(new StateRequest { Id = "one" }, CancellationToken.None);

    private Task<ConnectResponse> ConnectAsync() => _service.ConnectAsync(new ConnectRequest { Id = Sandbox }, CancellationToken.None);

    private static async Task RefusedAsync(StatusCode code, Func<Task> call) => (await Should.ThrowAsync<ShimException>(call)).Code.ShouldBe(code);
}
