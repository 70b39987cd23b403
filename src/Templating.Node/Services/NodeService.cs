using System.Reflection;
using Grpc.Core;
using Microsoft.Extensions.Options;
using Templating.Core.Blanks;
using Templating.Core.Building;
using Templating.Core.Clones;
using Templating.Core.Errors;
using Templating.Core.Images;
using Templating.Core.Machines;
using Templating.Core.Pools;
using Templating.Core.Store;
using Templating.Node.Mapping;
using Templating.Node.Options;
using Templating.Node.VmPods;
using Templating.V1;

namespace Templating.Node.Services;

internal sealed class NodeService(
    IVmm vmm, TemplateStore store, ImageCache images, ITemplateManager templates, ICloneManager clones, BlankVms blanks, IPoolManager pools, PodTable pods, IOptions<NodeOptions> options)
    : V1.NodeService.NodeServiceBase
{
    private static readonly string Version =
        typeof(NodeService).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "";

    /// <summary>Says nothing about any tenant, so every caller may ask.</summary>
    public override async Task<V1.Node> GetNode(GetNodeRequest request, ServerCallContext context)
    {
        var capacity = clones.Capacity;
        var node = new V1.Node
        {
            Version = Version,
            MemoryBudgetBytes = capacity.BudgetBytes,
            MemoryChargedBytes = capacity.ChargedBytes,
            Clones = capacity.Clones,
            Pods = pods.Count,
            BlankVms = blanks.Waiting,
            WaitingVms = pools.List(tenant: null).Sum(pool => pool.Vms.Count),
            MaxClones = capacity.MaxClones,
            Templates = templates.List(tenant: null).Count,
            StorePath = options.Value.StorePath,
            StoreFreeBytes = new DriveInfo(options.Value.StorePath).AvailableFreeSpace,
        };
        try
        {
            var vm = await vmm.ProbeAsync(refresh: false, context.CancellationToken);
            node.QemuVersion = vm.Version;
            node.QemuPath = vm.Path;
            node.MachineType = vm.DefaultMachineType;
            node.Accelerator = TemplateWriter.ToWire(vm.Accelerator);
            node.KvmProblem = vm.KvmProblem ?? "";
            node.BlankProblem = options.Value.Blanks.Count == 0 ? "they are turned off (--blanks-count)" : vm.BlankProblem ?? "";
        }
        catch (TemplatingException e)
        {
            node.Problem = e.Message;
        }

        return node;
    }

    public override async Task<CollectGarbageResponse> CollectGarbage(CollectGarbageRequest request, ServerCallContext context)
    {
        context.Caller().RequireAllTenants();
        // Deletes files of gigabytes: not on a thread that serves calls.
        var (result, cached) = await Task.Run(() => (store.Collect(), images.Collect()), context.CancellationToken);
        return new CollectGarbageResponse
        {
            Images = result.Images + cached.Images,
            StagingFolders = result.StagingFolders,
            FreedBytes = result.Bytes + cached.Bytes,
        };
    }
}
