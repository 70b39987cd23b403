using System.Security.Cryptography;
using System.Text;
using Google.Protobuf.WellKnownTypes;
using Templating.Contract;
using Templating.Kubernetes.Resources;
using Templating.Operator.Cluster;
using Templating.V1;

namespace Templating.Operator.Reconcilers.Templates;

/// <summary>A VMTemplate in the words of a node's daemon.</summary>
internal static class NodeRequests
{
    /// <param name="basis">
    /// What of it the node has already and why that does not do; empty for nothing. The request's id comes from it, so that an
    /// operator that starts anew joins the build that runs, and a rebuild is not answered with what it is to replace.
    /// </param>
    public static CreateTemplateRequest Create(VMTemplate template, string revision, string basis)
    {
        var key = ObjectKey.Of(template);
        return new CreateTemplateRequest
        {
            Tenant = key.Namespace,
            Template = NodeTemplates.Join(key.Name, revision),
            Spec = SpecOf(template.Spec),
            RequestId = new Guid(SHA256.HashData(Encoding.UTF8.GetBytes($"{template.Metadata.Uid} {revision} {basis}")).AsSpan(0, 16)).ToString(),
            // Rebuilds of one revision are the same template: only the newest is of use.
            RevisionHistoryLimit = 0,
        };
    }

    public static DeleteTemplateRequest Delete(ObjectKey template, string revision) =>
        new() { Name = $"tenants/{template.Namespace}/templates/{NodeTemplates.Join(template.Name, revision)}" };

    private static TemplateSpec SpecOf(VMTemplateSpec spec)
    {
        var wire = new TemplateSpec
        {
            Guest = new GuestSpec { Kernel = SourceOf(spec.Guest.Kernel), CommandLine = spec.Guest.CommandLine ?? "" },
            Machine = MachineOf(spec.Machine),
            Network = new NetworkSpec { Outbound = spec.Network?.Outbound ?? false },
            Readiness = new ReadinessSpec(),
            Sandbox = spec.Sandbox ?? false,
        };
        if (spec.Guest.Initrd is { } initrd)
        {
            wire.Guest.Initrd = SourceOf(initrd);
        }

        wire.Guest.Images.AddRange((spec.Guest.Images ?? []).Select(SourceOf));
        if (spec.Readiness?.TimeoutSeconds is { } seconds)
        {
            wire.Readiness.Timeout = Duration.FromTimeSpan(TimeSpan.FromSeconds(seconds));
        }

        if (spec.Readiness?.WaitForBoot is { } wait)
        {
            wire.Readiness.WaitForBoot = wait;
        }

        wire.Readiness.WarmUp.AddRange((spec.Readiness?.WarmUp ?? []).Select(command => new Command { Arguments = { command.Command } }));
        return wire;
    }

    private static FileSource SourceOf(VMFileSource source) =>
        new() { Path = source.Path ?? "", Url = source.Url ?? "", Sha256 = source.Sha256 ?? "" };

    private static MachineSpec MachineOf(VMMachine? machine) => new()
    {
        Vcpus = machine?.Vcpus ?? 0,
        MemoryBytes = machine?.Memory is { } memory ? MemorySizes.Bytes(memory) ?? 0 : 0,
        MaxVcpus = machine?.MaxVcpus ?? 0,
        MaxMemoryBytes = machine?.MaxMemory is { } most ? MemorySizes.Bytes(most) ?? 0 : 0,
        MachineType = machine?.Type ?? "",
        CpuModel = machine?.CpuModel ?? "",
        Accelerator = machine?.Accelerator switch
        {
            "kvm" => Accelerator.Kvm,
            "tcg" => Accelerator.Tcg,
            _ => Accelerator.Unspecified,
        },
    };
}
