using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Google.Protobuf;
using Templating.Shim.Host;
using Templating.Shim.Tasks;
using Templating.ShimTests.Specs;
using Templating.Testing;

namespace Templating.ShimTests.Tasks;

/// <summary>Tasks of a <see cref="ScriptedPod"/>, and what containerd is told of them.</summary>
internal sealed class PodTasksFixture : IAsyncDisposable
{
    public const string Sandbox = Samples.Sandbox;

    private readonly TempFolder _folder = new();
    private readonly ShimLog _log;
    private readonly ConcurrentQueue<(string Topic, IMessage Event)> _told = new();

    public PodTasksFixture()
    {
        _log = ShimLog.Open(_folder.Path, TimeProvider.System, debug: false);
        Tasks = new PodTasks(
            (_, _) => StartFailure is { } failure ? Task.FromException<Shim.Pods.IPod>(failure) : Task.FromResult<Shim.Pods.IPod>(Pod),
            new TaskEvents((topic, message) => _told.Enqueue((topic, message))), _log, TimeProvider.System);
    }

    public ScriptedPod Pod { get; set; } = new();

    public PodTasks Tasks { get; }

    public Exception? StartFailure { get; set; }

    public IEnumerable<string> Topics => _told.Select(t => t.Topic);

    public IEnumerable<T> Told<T>() => _told.Select(t => t.Event).OfType<T>();

    /// <summary>The folder of a bundle with that config.json.</summary>
    public string Bundle(string id, JsonObject document)
    {
        Directory.CreateDirectory(_folder[id]);
        File.WriteAllBytes(Path.Combine(_folder[id], "config.json"), Samples.Bytes(document));
        return _folder[id];
    }

    public async Task CreateSandboxAsync()
    {
        await CreateAsync(Sandbox, Samples.PodSandbox());
        await Tasks.StartAsync(Sandbox, "", CancellationToken.None);
    }

    public Task CreateAsync(string id, JsonObject document) =>
        Tasks.CreateAsync(new NewTask(id, Bundle(id, document), document.Spec(id), ProcessIo.None, [], null), CancellationToken.None);

    /// <summary>A container that runs, in the pod's sandbox.</summary>
    public async Task RunAsync(string id)
    {
        await CreateAsync(id, Samples.PodContainer());
        await Tasks.StartAsync(id, "", CancellationToken.None);
    }

    public async Task<ProcessEnd> EndOfAsync(string id, string exec = "") => await Tasks.Find(id, exec).Ended.Soonest();

    public async ValueTask DisposeAsync()
    {
        await Tasks.DisposeAsync();
        _log.Dispose();
        _folder.Dispose();
    }
}
