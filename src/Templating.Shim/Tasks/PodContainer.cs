using System.Collections.Concurrent;
using Templating.OwnerPort.Requests;
using Templating.Shim.Errors;
using Templating.Shim.Specs;

namespace Templating.Shim.Tasks;

/// <summary>A task of containerd's: one of the pod's containers, or its sandbox.</summary>
internal sealed class PodContainer(string id, string bundle, BundleSpec spec)
{
    /// <summary>As many as the guest has processes at once; see docs/guest-protocol.md.</summary>
    private const int MostExecs = 64;

    private readonly ConcurrentDictionary<string, TaskProcess> _execs = new(StringComparer.Ordinal);

    public string Id => id;

    public string Bundle => bundle;

    public BundleSpec Spec => spec;

    /// <summary>What it may use at most, also after an update.</summary>
    public SpecResources Resources { get; set; } = spec.Resources;

    /// <summary>Of its last update; null before.</summary>
    public ContainerLimits? Limits { get; set; }

    /// <summary>Null of a sandbox.</summary>
    public GuestContainer? Guest { get; init; }

    public required TaskProcess Task { get; init; }

    public IEnumerable<TaskProcess> Execs => _execs.Values;

    public TaskProcess Find(string exec) => exec.Length == 0 ? Task
        : _execs.TryGetValue(exec, out var found) ? found
        : throw ShimException.NotFound($"Container {id} has no process {exec}.");

    public void Add(TaskProcess process)
    {
        if (_execs.Count >= MostExecs)
        {
            throw new ShimException(Grpc.Core.StatusCode.ResourceExhausted, $"Container {id} has {MostExecs} processes beside its first; end one.");
        }

        if (!_execs.TryAdd(process.Name.Exec, process))
        {
            throw new ShimException(Grpc.Core.StatusCode.AlreadyExists, $"Container {id} has a process {process.Name.Exec} already.");
        }
    }

    public void Remove(string exec) => _execs.TryRemove(exec, out _);
}
