using k8s;
using k8s.Models;
using Templating.Kubernetes;
using Templating.Kubernetes.Resources;
using Templating.Operator.Cluster;
using Templating.Testing.Kubernetes;
using Templating.V1;

namespace Templating.OperatorTests.Standins;

/// <summary>
/// A namespace with a template that is ready on a node of its own. What users, scheduler and kubelet
/// do happens here; operators are <see cref="VmOperator"/>s.
/// </summary>
internal sealed class VmNamespace : IAsyncDisposable
{
    public const string Template = "web";

    private VmNamespace(ApiServer server, k8s.Kubernetes client, string name)
    {
        Server = server;
        Client = client;
        Name = name;
        Node = new NodeStandin($"node-{name}");
        Kubelet = new ScriptedKubelet(client, name);
    }

    public ApiServer Server { get; }

    public k8s.Kubernetes Client { get; }

    public string Name { get; }

    public NodeStandin Node { get; }

    public ScriptedKubelet Kubelet { get; }

    public static async Task<VmNamespace> CreateAsync(VmServer server)
    {
        var client = server.Server.Client();
        var space = new VmNamespace(server.Server, client, await Namespaces.CreateAsync(client));
        await client.CoreV1.CreateNodeAsync(new V1Node { Metadata = new V1ObjectMeta { Name = space.Node.Name } });
        await space.MakeTemplateAsync(Spec());
        return space;
    }

    public static VMTemplateSpec Spec(string kernel = "/guest/vmlinux") => new() { Guest = new VMGuest { Kernel = new VMFileSource { Path = kernel } } };

    public ObjectKey Key(string name) => new(Name, name);

    public async Task<VMTemplate> MakeTemplateAsync(VMTemplateSpec spec)
    {
        var template = new VMTemplate { Metadata = Meta(Template), Spec = spec };
        await Client.CustomObjects.CreateNamespacedCustomObjectAsync<VMTemplate>(template, Group.Name, Group.Version, Name, VMTemplate.Plural);
        return await SetTemplateStatusAsync(Revisions.Of(spec));
    }

    /// <summary>As if the template's spec had changed and its new revision were built.</summary>
    public async Task<string> ChangeTemplateAsync(string kernel)
    {
        await PatchAsync(VMTemplate.Plural, Template, new { spec = new { guest = new { kernel = new { path = kernel } } } });
        var revision = Revisions.Of(Spec(kernel));
        await SetTemplateStatusAsync(revision);
        return revision;
    }

    public Task CreateAsync(VMClone clone) => Client.CustomObjects.CreateNamespacedCustomObjectAsync<VMClone>(
        clone, Group.Name, Group.Version, Name, VMClone.Plural);

    public Task CreateAsync(VMPool pool) => Client.CustomObjects.CreateNamespacedCustomObjectAsync<VMPool>(
        pool, Group.Name, Group.Version, Name, VMPool.Plural);

    public VMClone Clone(string name, VMCloneSpec? spec = null) => new() { Metadata = Meta(name), Spec = spec ?? new VMCloneSpec { Template = Template } };

    public VMPool Pool(string name, int replicas) => new() { Metadata = Meta(name), Spec = new VMPoolSpec { Template = Template, Replicas = replicas } };

    public Task PatchAsync(string plural, string name, object patch) => Client.CustomObjects.PatchNamespacedCustomObjectAsync<object>(
        new V1Patch(KubernetesJson.Serialize(patch), V1Patch.PatchType.MergePatch), Group.Name, Group.Version, Name, plural, name);

    public async Task<VMClone> GetCloneAsync(string name) =>
        await Client.CustomObjects.GetNamespacedCustomObjectAsync<VMClone>(Group.Name, Group.Version, Name, VMClone.Plural, name);

    public async Task<VMPool> GetPoolAsync(string name) =>
        await Client.CustomObjects.GetNamespacedCustomObjectAsync<VMPool>(Group.Name, Group.Version, Name, VMPool.Plural, name);

    public async Task<IList<V1Pod>> PodsAsync() => (await Client.CoreV1.ListNamespacedPodAsync(Name)).Items;

    /// <summary>Every pod that has no node gets one and waits there.</summary>
    public async Task StartPodsAsync()
    {
        foreach (var pod in (await PodsAsync()).Where(p => string.IsNullOrEmpty(p.Spec.NodeName)))
        {
            Node.Tell(await Kubelet.StartAsync(pod.Metadata.Name, Node.Name), PodState.Waiting);
        }
    }

    public ValueTask DisposeAsync()
    {
        Client.Dispose();
        return ValueTask.CompletedTask;
    }

    private V1ObjectMeta Meta(string name) => new() { Name = name, NamespaceProperty = Name };

    private Task<VMTemplate> SetTemplateStatusAsync(string revision) => Client.CustomObjects.PatchNamespacedCustomObjectStatusAsync<VMTemplate>(
        new V1Patch(
            KubernetesJson.Serialize(new { status = new { nodes = new[] { new { name = Node.Name, revision, state = "Ready" } } } }),
            V1Patch.PatchType.MergePatch),
        Group.Name, Group.Version, Name, VMTemplate.Plural, Template);
}
