using System.Runtime.CompilerServices;
using Templating.Core.Capacity;
using Templating.Core.Diagnostics;
using Templating.Core.Errors;
using Templating.Core.Machines;
using Templating.Core.Vms;

namespace Templating.Core.Clones;

/// <summary>What is asked of clones that run. Each call is a use of its clone, and waits a moment for one that has not answered yet.</summary>
internal sealed class CloneCalls(VmParts parts, CloneTable table, CloneGrowth growth, ClonePlugs plugs, CloneOptions options)
{
    private readonly FairTurns _execs = new(
        new TurnRules { What = "programs", InAll = int.MaxValue / 2, PerTenant = tenant => parts.Capacity.Limits.Of(tenant).Execs }, parts.Time);

    public async Task<CloneView> SwitchAsync(CloneName name, VmOperation operation, CancellationToken cancellationToken) =>
        (CloneView)await (await AnsweringAsync(name, cancellationToken)).Life.Cpus.SwitchAsync(operation, cancellationToken);

    public async Task<PluggedDevice> PlugImageAsync(CloneName name, string digest, CancellationToken cancellationToken) =>
        await plugs.PlugImageAsync(await AnsweringAsync(name, cancellationToken), digest, cancellationToken);

    public async Task<PluggedDevice> PlugDiskAsync(CloneName name, PlugDisk request, CancellationToken cancellationToken) =>
        await plugs.PlugDiskAsync(await AnsweringAsync(name, cancellationToken), request, cancellationToken);

    public async Task<PluggedDevice> PlugNicAsync(CloneName name, PlugNic request, CancellationToken cancellationToken) =>
        await ClonePlugs.PlugNicAsync(await AnsweringAsync(name, cancellationToken), request, cancellationToken);

    public async Task UnplugAsync(CloneName name, string device, CancellationToken cancellationToken) =>
        await ClonePlugs.UnplugAsync(await AnsweringAsync(name, cancellationToken), device, cancellationToken);

    public async Task<CloneView> ResizeAsync(CloneName name, CloneSize size, CancellationToken cancellationToken)
    {
        using var use = table.Get(name).Lifetime.Use();
        return await growth.ResizeAsync(await AnsweringAsync(name, cancellationToken), size, cancellationToken);
    }

    public async IAsyncEnumerable<ExecOutput> ExecAsync(
        CloneName name, GuestCommand command, IAsyncEnumerable<ExecInput>? input, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var use = table.Get(name).Lifetime.Use();
        var vm = (await AnsweringAsync(name, cancellationToken)).Life.Require(VmOperation.Exec);
        var limit = parts.Capacity.Limits.Of(name.Tenant).Execs;
        using var turn = _execs.TryTake(name.Tenant)
            ?? throw TenantRefusals.Quota(name.Tenant, "execs", $"{limit + 1} programs at once", $"{limit}", "Wait until some end");
        using var span = TemplatingTelemetry.Source.StartActivity("clone.exec");
        await foreach (var output in vm.Guest.ExecAsync(command, input, cancellationToken))
        {
            yield return output;
        }
    }

    public IConsole OpenConsole(CloneName name)
    {
        var clone = table.Get(name);
        clone.Lifetime.Touch();
        return clone.Life.OpenConsole() is { } console ? new UsedConsole(console, clone.Lifetime) : new EndedConsole(CloneConsoleFile.Read(clone.Folder.Path)
            ?? throw new TemplatingException(ErrorCode.IllegalState,
                $"What {name} printed is lost: its VM ended while no daemon was there to keep it, or its file cannot be read."));
    }

    /// <summary>One that did not answer when the daemon began may do so any moment: nobody is refused for a moment.</summary>
    private async Task<Clone> AnsweringAsync(CloneName name, CancellationToken cancellationToken)
    {
        var clone = table.Get(name);
        clone.Lifetime.Touch();
        await clone.Answers.WaitAsync(options.AnswerPatience, parts.Time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
        return table.Get(name);
    }
}
