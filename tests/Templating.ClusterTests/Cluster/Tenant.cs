using k8s.Models;

namespace Templating.ClusterTests.Cluster;

/// <summary>A namespace with templates of the guest image; deleted with all that is in it when it is disposed.</summary>
internal sealed class Tenant : IAsyncDisposable
{
    private Tenant(string name) => Name = name;

    public string Name { get; }

    public static async Task<Tenant> CreateAsync(string prefix)
    {
        var tenant = new Tenant($"{prefix}-{Guid.NewGuid().ToString("n")[..6]}");
        await Kubectl.RunAsync("create", "namespace", tenant.Name);
        return tenant;
    }

    /// <summary>The guest image's VMTemplate as a manifest.</summary>
    public string Template(string name, string extra = "", string commandLine = "", string kernel = "vmlinux") => $$"""
        apiVersion: templating.dev/v1alpha1
        kind: VMTemplate
        metadata: {name: {{name}}, namespace: {{Name}}}
        spec:
          guest:
            kernel: {path: {{Settings.GuestFolder}}/{{kernel}}}
            initrd: {path: {{Settings.GuestFolder}}/initrd}
            images:
              - path: {{Settings.GuestFolder}}/rootfs.img
            commandLine: console=ttyS0 quiet panic=-1 swiotlb=noforce tsc=reliable {{commandLine}}
          machine: {memory: 128Mi}
          readiness: {timeoutSeconds: 240}
        {{extra}}
        """;

    public string Pool(string name, string template, int replicas) => $$"""
        apiVersion: templating.dev/v1alpha1
        kind: VMPool
        metadata: {name: {{name}}, namespace: {{Name}}}
        spec: {template: {{template}}, replicas: {{replicas}}}
        """;

    /// <param name="name">Its name.</param>
    /// <param name="from">template: NAME or pool: NAME.</param>
    /// <param name="extra">More lines of the spec, with two spaces in front.</param>
    public string Clone(string name, string from, string extra = "") => $$"""
        apiVersion: templating.dev/v1alpha1
        kind: VMClone
        metadata: {name: {{name}}, namespace: {{Name}}}
        spec:
          {{from}}
        {{extra}}
        """;

    public Task<VMTemplate?> GetTemplateAsync(string name) => Kubectl.GetAsync<VMTemplate>("vmtemplate", Name, name);

    public Task<VMPool?> GetPoolAsync(string name) => Kubectl.GetAsync<VMPool>("vmpool", Name, name);

    public Task<VMClone?> GetCloneAsync(string name) => Kubectl.GetAsync<VMClone>("vmclone", Name, name);

    public Task<V1Pod?> GetPodAsync(string name) => Kubectl.GetAsync<V1Pod>("pod", Name, name);

    public Task<VMTemplate> TemplateReadyAsync(string name, int nodes) => Eventually.SeeAsync(
        () => GetTemplateAsync(name),
        t => t.Status is { } s && s.ObservedGeneration == t.Metadata.Generation && s.ReadyNodes == nodes && s.Conditions.Is("Ready"),
        $"template {name} ready on {nodes} nodes");

    public Task<VMPool> PoolReadyAsync(string name, int replicas) => Eventually.SeeAsync(
        () => GetPoolAsync(name),
        p => p.Status is { } s && s.ObservedGeneration == p.Metadata.Generation && s.ReadyReplicas == replicas
            && s.Replicas == replicas && s.UpdatedReplicas == replicas,
        $"pool {name} with {replicas} waiting");

    public Task<VMClone> CloneReadyAsync(string name) => Eventually.SeeAsync(() => GetCloneAsync(name), c => c.IsReady(), $"clone {name} ready");

    public Task<VMClone> CloneFinishedAsync(string name) => Eventually.SeeAsync(
        () => GetCloneAsync(name), c => c.Status?.Conditions.Is("Finished") is true, $"clone {name} finished");

    /// <summary>What the guest's page says of it, by the pod's IP.</summary>
    public static async Task<GuestPage> PageAsync(VMClone clone, int port = 8080) => await GuestPage.ReadAsync(clone.Status!.Ip!, port);

    public async Task<string> ExecAsync(string pod, params string[] command) =>
        await Kubectl.RunAsync(["exec", pod, "-n", Name, "-c", "vm", "--", "/usr/bin/templating", "pod", "exec", "--", .. command]);

    public async ValueTask DisposeAsync() =>
        await Kubectl.RunAsync("delete", "namespace", Name, "--ignore-not-found", "--wait=false");
}
