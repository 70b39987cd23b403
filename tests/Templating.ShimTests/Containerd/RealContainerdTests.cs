using System.Security.Cryptography;
using System.Text;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Microsoft.Extensions.Logging.Abstractions;
using Templating.Shim.Errors;
using Templating.Shim.Events;
using Templating.Shim.Protocol.Events;
using Templating.Shim.Protocol.Tasks;
using Templating.Shim.Protocol.Types;
using Templating.ShimTests.Stdio;
using Templating.Testing;
using Templating.Testing.Nodes;
using StatusCode = Grpc.Core.StatusCode;

namespace Templating.ShimTests.Containerd;

/// <summary>That names and numbers are containerd's, by asking containerd and its own shim.</summary>
public sealed class RealContainerdTests(ContainerdFixture containerd) : IClassFixture<ContainerdFixture>
{
    private readonly string _id = "t" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(5));

    [Fact]
    public async Task ContainerdTakesEveryEventAndKnowsItsFields()
    {
        using var events = new ChildProcess(
            $"{ContainerdFixture.Root}/bin/ctr", ["--address", containerd.Socket, "events"], ContainerdFixture.Environment, redirect: true);
        await using var publisher = new EventPublisher("unix://" + containerd.EventSocket, "shim-tests", NullLogger.Instance, TimeProvider.System);
        // Until somebody listens, an event is heard by nobody.
        var first = events.Output.ReadLineAsync();
        await Eventually.UntilAsync(() => PublishAsync(publisher, first), "ctr listens");
        var at = Timestamp.FromDateTimeOffset(DateTimeOffset.UnixEpoch.AddYears(30));

        publisher.Publish("/tasks/create", new TaskCreate
        {
            ContainerId = "c1",
            Bundle = "b1",
            Rootfs = { new Mount { Type = "bind", Source = "s1", Options = { "o1" } } },
            Io = new TaskIO { Stdin = "i1", Stdout = "o2", Stderr = "e1", Terminal = true },
            Checkpoint = "p1",
            Pid = 11,
        });
        publisher.Publish("/tasks/start", new TaskStart { ContainerId = "c2", Pid = 12 });
        publisher.Publish("/tasks/exec-added", new TaskExecAdded { ContainerId = "c3", ExecId = "x3" });
        publisher.Publish("/tasks/exec-started", new TaskExecStarted { ContainerId = "c4", ExecId = "x4", Pid = 14 });
        publisher.Publish("/tasks/oom", new TaskOOM { ContainerId = "c5" });
        publisher.Publish("/tasks/paused", new TaskPaused { ContainerId = "c6" });
        publisher.Publish("/tasks/resumed", new TaskResumed { ContainerId = "c7" });
        publisher.Publish("/tasks/checkpointed", new TaskCheckpointed { ContainerId = "c8", Checkpoint = "p8" });
        publisher.Publish("/tasks/exit", new TaskExit { ContainerId = "c9", Id = "x9", Pid = 19, ExitStatus = 137, ExitedAt = at });
        publisher.Publish("/tasks/delete", new TaskDelete { ContainerId = "c10", Id = "x10", Pid = 20, ExitStatus = 3, ExitedAt = at });
        await publisher.FlushAsync(CancellationToken.None).Soonest();

        var seen = new List<string>();
        while (seen.Count == 0 || !seen[^1].Contains("/tasks/delete", StringComparison.Ordinal))
        {
            var line = await events.Output.ReadLineAsync().Soonest() ?? throw new InvalidOperationException("ctr ended.");
            if (!line.Contains("warm-up", StringComparison.Ordinal))
            {
                seen.Add(line[line.IndexOf("shim-tests", StringComparison.Ordinal)..]);
            }
        }

        seen.ShouldBe(
        [
            """shim-tests /tasks/create {"container_id":"c1","bundle":"b1","rootfs":[{"type":"bind","source":"s1","options":["o1"]}],"io":{"stdin":"i1","stdout":"o2","stderr":"e1","terminal":true},"checkpoint":"p1","pid":11}""",
            """shim-tests /tasks/start {"container_id":"c2","pid":12}""",
            """shim-tests /tasks/exec-added {"container_id":"c3","exec_id":"x3"}""",
            """shim-tests /tasks/exec-started {"container_id":"c4","exec_id":"x4","pid":14}""",
            """shim-tests /tasks/oom {"container_id":"c5"}""",
            """shim-tests /tasks/paused {"container_id":"c6"}""",
            """shim-tests /tasks/resumed {"container_id":"c7"}""",
            """shim-tests /tasks/checkpointed {"container_id":"c8","checkpoint":"p8"}""",
            """shim-tests /tasks/exit {"container_id":"c9","id":"x9","pid":19,"exit_status":137,"exited_at":"2000-01-01T00:00:00Z"}""",
            """shim-tests /tasks/delete {"container_id":"c10","pid":20,"exit_status":3,"exited_at":"2000-01-01T00:00:00Z","id":"x10"}""",
        ]);
    }

    [Fact]
    public async Task ContainerdsOwnShimIsCalledThroughATasksWholeLife()
    {
        using var pipes = await Pipes.MakeAsync();
        await using var shim = await RuncShim.StartAsync(containerd, _id, Configuration());
        // That shim waits for the reader of each.
        var (reading, readingErrors) = (Pipes.OpenReaderAsync(pipes.Output), Pipes.OpenReaderAsync(pipes.Error));
        (await shim.CallAsync("State", new StateRequest { Id = _id }, StateResponse.Parser).ShouldThrowAsync<ShimException>()).Code.ShouldBe(StatusCode.NotFound);

        var created = await shim.CallAsync(
            "Create", new CreateTaskRequest
            {
                Id = _id,
                Bundle = shim.Bundle,
                Stdout = pipes.Output,
                Stderr = pipes.Error,
                Rootfs = { new Mount { Type = "bind", Source = await shim.MakeRootAsync(), Options = { "bind", "ro" } } },
            }, CreateTaskResponse.Parser);
        await using var output = await reading;
        await using var errors = await readingErrors;
        var before = await StateAsync();
        (before.Id, before.Bundle, before.Pid, before.Status, before.Stdout).ShouldBe((_id, shim.Bundle, created.Pid, Status.Created, pipes.Output));
        var waiting = shim.CallAsync("Wait", new WaitRequest { Id = _id }, WaitResponse.Parser);
        (await shim.CallAsync("Start", new StartRequest { Id = _id }, StartResponse.Parser)).Pid.ShouldBe(created.Pid);
        var text = new byte[6];
        await output.ReadExactlyAsync(text).AsTask().Soonest();
        Encoding.ASCII.GetString(text).ShouldBe("hello\n");

        (await StateAsync()).Status.ShouldBe(Status.Running);
        (await shim.CallAsync("Pids", new PidsRequest { Id = _id }, PidsResponse.Parser)).Processes.Select(p => p.Pid).ShouldContain(created.Pid);
        await PauseAndResumeAsync();
        CheckStats((await shim.CallAsync("Stats", new StatsRequest { Id = _id }, StatsResponse.Parser)).Stats);
        await ExecAsync();
        waiting.IsCompleted.ShouldBeFalse();

        await DoAsync("Kill", new KillRequest { Id = _id, Signal = 9, All = true });
        var end = await waiting.Soonest();
        end.ExitStatus.ShouldBe(137u);
        var deleted = await shim.CallAsync("Delete", new DeleteRequest { Id = _id }, DeleteResponse.Parser);
        (deleted.Pid, deleted.ExitStatus, deleted.ExitedAt).ShouldBe((created.Pid, 137u, end.ExitedAt));

        Task<StateResponse> StateAsync() => shim.CallAsync("State", new StateRequest { Id = _id }, StateResponse.Parser);

        Task DoAsync(string method, IMessage request) => shim.CallAsync(method, request, Empty.Parser);

        async Task PauseAndResumeAsync()
        {
            await DoAsync("Pause", new PauseRequest { Id = _id });
            (await StateAsync()).Status.ShouldBe(Status.Paused);
            await DoAsync("Resume", new ResumeRequest { Id = _id });
        }

        async Task ExecAsync()
        {
            var process = new Any { TypeUrl = "types.containerd.io/opencontainers/runtime-spec/1/Process", Value = ByteString.CopyFromUtf8("""{"args":["/bin/sh","-c","exit 7"],"cwd":"/","env":["PATH=/bin"]}""") };
            await DoAsync("Exec", new ExecProcessRequest { Id = _id, ExecId = "x", Spec = process });
            var ended = shim.CallAsync("Wait", new WaitRequest { Id = _id, ExecId = "x" }, WaitResponse.Parser);
            (await shim.CallAsync("Start", new StartRequest { Id = _id, ExecId = "x" }, StartResponse.Parser)).Pid.ShouldNotBe(0u);
            (await ended.Soonest()).ExitStatus.ShouldBe(7u);
            // 1.6 names the process by its own id alone.
            var state = await shim.CallAsync("State", new StateRequest { Id = _id, ExecId = "x" }, StateResponse.Parser);
            (state.Id, state.Status, state.ExitStatus).ShouldBe(("x", Status.Stopped, 7u));
            await shim.CallAsync("Delete", new DeleteRequest { Id = _id, ExecId = "x" }, DeleteResponse.Parser);
        }
    }

    private static void CheckStats(Any stats)
    {
        if (stats.TypeUrl == Shim.Protocol.CgroupsV1.Metrics.Descriptor.FullName)
        {
            var v1 = Shim.Protocol.CgroupsV1.Metrics.Parser.ParseFrom(stats.Value);
            // What it was given as limits, and what a shell and its sleep are.
            v1.Memory.Usage.Limit.ShouldBe(64ul << 20);
            v1.Memory.HierarchicalMemoryLimit.ShouldBe(64ul << 20);
            v1.Memory.Usage.Usage.ShouldBeInRange(1u << 12, 64u << 20);
            v1.Memory.TotalPgFault.ShouldBeGreaterThan(0ul);
            v1.Pids.Limit.ShouldBe(23ul);
            v1.Pids.Current.ShouldBeInRange(1ul, 4ul);
            v1.Cpu.Usage.Total.ShouldBeInRange(10_000ul, 60_000_000_000ul);
            return;
        }

        stats.TypeUrl.ShouldBe(Shim.Protocol.CgroupsV2.Metrics.Descriptor.FullName);
        var v2 = Shim.Protocol.CgroupsV2.Metrics.Parser.ParseFrom(stats.Value);
        v2.Memory.UsageLimit.ShouldBe(64ul << 20);
        v2.Memory.Usage.ShouldBeInRange(1u << 12, 64u << 20);
        v2.Memory.Pgfault.ShouldBeGreaterThan(0ul);
        v2.Pids.Limit.ShouldBe(23ul);
        v2.Pids.Current.ShouldBeInRange(1ul, 4ul);
        v2.Cpu.UsageUsec.ShouldBeInRange(10ul, 60_000_000ul);
    }

    private static async Task<bool> PublishAsync(EventPublisher publisher, Task<string?> heard)
    {
        publisher.Publish("/tasks/oom", new TaskOOM { ContainerId = "warm-up" });
        await publisher.FlushAsync(CancellationToken.None);
        return heard.IsCompleted;
    }

    private string Configuration() => $$"""
        {
          "ociVersion": "1.0.2",
          "process": { "user": { "uid": 0, "gid": 0 }, "args": ["/bin/sh", "-c", "echo hello; while :; do sleep 1; done"], "env": ["PATH=/bin:/usr/bin"], "cwd": "/" },
          "root": { "path": "rootfs", "readonly": true },
          "mounts": [
            { "destination": "/proc", "type": "proc", "source": "proc" },
            { "destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": [ "mode=755" ] }
          ],
          "linux": {
            "cgroupsPath": "/shim-tests-{{_id}}",
            "resources": { "memory": { "limit": 67108864 }, "pids": { "limit": 23 } },
            "namespaces": [ { "type": "pid" }, { "type": "mount" }, { "type": "ipc" }, { "type": "uts" } ]
          }
        }
        """;
}
