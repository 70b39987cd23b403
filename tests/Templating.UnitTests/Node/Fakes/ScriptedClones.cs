using Templating.Core.Capacity;
using Templating.Core.Clones;
using Templating.Core.Diagnostics;
using Templating.Core.Machines;

namespace Templating.UnitTests.Node.Fakes;

/// <summary>The real clones, but their programs and consoles are what a test says: the fake VM has none.</summary>
internal sealed class ScriptedClones(ICloneManager inner) : ICloneManager
{
    public delegate IAsyncEnumerable<ExecOutput> Program(
        GuestCommand command, IAsyncEnumerable<ExecInput>? input, CancellationToken cancellationToken);

    public Program Run { get; set; } = (_, _, _) => throw new InvalidOperationException("No program was expected.");

    public IConsole? Console { get; set; }

    public CapacityView Capacity => inner.Capacity;

    public IAsyncEnumerable<ExecOutput> ExecAsync(
        CloneName name, GuestCommand command, IAsyncEnumerable<ExecInput>? input, CancellationToken cancellationToken) =>
        Run(command, input, cancellationToken);

    public IConsole OpenConsole(CloneName name) => Console ?? throw new InvalidOperationException("No console was expected.");

    public Task<Core.Clones.CloneView> CreateAsync(CreateClone request, CancellationToken cancellationToken) => inner.CreateAsync(request, cancellationToken);

    public Core.Clones.CloneView Get(CloneName name) => inner.Get(name);

    public IReadOnlyList<Core.Clones.CloneView> List(string? tenant) => inner.List(tenant);

    public Task<VmMemory?> ReadMemoryAsync(CloneName name, CancellationToken cancellationToken) => inner.ReadMemoryAsync(name, cancellationToken);

    public TimeSpan? ReadCpuTime(CloneName name) => inner.ReadCpuTime(name);

    public Task<Core.Clones.CloneView> PauseAsync(CloneName name, CancellationToken cancellationToken) => inner.PauseAsync(name, cancellationToken);

    public Task<Core.Clones.CloneView> ResumeAsync(CloneName name, CancellationToken cancellationToken) => inner.ResumeAsync(name, cancellationToken);

    public Core.Clones.CloneView Extend(CloneName name, Lifetime change) => inner.Extend(name, change);

    public Task<PluggedDevice> PlugDiskAsync(CloneName name, PlugDisk request, CancellationToken cancellationToken) => inner.PlugDiskAsync(name, request, cancellationToken);

    public Task<PluggedDevice> PlugNicAsync(CloneName name, PlugNic request, CancellationToken cancellationToken) => inner.PlugNicAsync(name, request, cancellationToken);

    public Task UnplugAsync(CloneName name, string device, CancellationToken cancellationToken) => inner.UnplugAsync(name, device, cancellationToken);

    public Task<PluggedDevice> PlugImageAsync(CloneName name, string digest, CancellationToken cancellationToken) => inner.PlugImageAsync(name, digest, cancellationToken);

    public Task<Core.Clones.CloneView> ResizeAsync(CloneName name, Core.Clones.CloneSize size, CancellationToken cancellationToken) =>
        inner.ResizeAsync(name, size, cancellationToken);

    public Task<Core.Vms.VmEnd> DeleteAsync(CloneName name, TimeSpan grace, CancellationToken cancellationToken) => inner.DeleteAsync(name, grace, cancellationToken);

    public IAsyncEnumerable<Change<Core.Clones.CloneView>> WatchAsync(CancellationToken cancellationToken) => inner.WatchAsync(cancellationToken);
}
