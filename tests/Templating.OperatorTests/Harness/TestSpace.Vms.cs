using k8s;
using k8s.Models;
using Templating.Kubernetes;
using Templating.Kubernetes.Resources;
using Templating.Operator.Cluster;
using Templating.V1;

namespace Templating.OperatorTests.Harness;

/// <summary>For tests of pools and clones: a template that is ready, and pods that run.</summary>
internal sealed partial class TestSpace
{
    /// <summary>The template of <see cref="WithTemplateAsync"/>.</summary>
    public const string Template = "web";

    /// <summary>One node, and a template that is ready there; no operator runs.</summary>
    public static async Task<TestSpace> WithTemplateAsync()
    {
        var test = await PrepareAsync();
        await test.AddNodeAsync();
        var template = await test.CreateTemplateAsync(Template);
        await test.SetTemplateReadyAsync(Revisions.Of(template.Spec));
        return test;
    }

    public ObjectKey Key(string name) => new(Name, name);

    /// <summary>As if the template's spec had changed and its new revision were built.</summary>
    public async Task<string> ChangeTemplateAsync(string commandLine)
    {
        var template = await PatchAsync<VMTemplate>(Template, new { spec = new { guest = new { commandLine } } });
        var revision = Revisions.Of(template.Spec);
        await SetTemplateReadyAsync(revision);
        return revision;
    }

    public Task<VMClone> CreateCloneAsync(string name, VMCloneSpec? spec = null) => CreateAsync(
        new VMClone { Metadata = new() { Name = name, NamespaceProperty = Name }, Spec = spec ?? new VMCloneSpec { Template = Template } });

    public Task<VMPool> CreatePoolAsync(string name, int replicas, Action<VMPoolSpec>? change = null)
    {
        var spec = new VMPoolSpec { Template = Template, Replicas = replicas };
        change?.Invoke(spec);
        return CreateAsync(new VMPool { Metadata = new() { Name = name, NamespaceProperty = Name }, Spec = spec });
    }

    public async Task<VMClone> CloneAsync(string name) => (await GetAsync<VMClone>(name)).ShouldNotBeNull();

    public async Task<VMPool> PoolAsync(string name) => (await GetAsync<VMPool>(name)).ShouldNotBeNull();

    public async Task<IList<V1Pod>> PodsAsync() => (await Client.CoreV1.ListNamespacedPodAsync(Name)).Items;

    /// <summary>Every pod that has no node gets one and waits there.</summary>
    public async Task StartPodsAsync()
    {
        foreach (var pod in (await PodsAsync()).Where(p => string.IsNullOrEmpty(p.Spec.NodeName)))
        {
            Wait(await Kubelet.StartAsync(pod.Metadata.Name, Node(1).Name));
        }
    }

    /// <summary>The daemon of the first node tells of a pod's VM that it waits.</summary>
    public void Wait(V1Pod pod) => Wait(pod, ip: "");

    /// <summary>The same, with the address that the pod was told.</summary>
    public void Wait(V1Pod pod, string ip) => Node(1).SetPod(new VmPod
    {
        Name = $"tenants/{pod.Metadata.NamespaceProperty}/pods/{pod.Metadata.Uid}",
        Tenant = pod.Metadata.NamespaceProperty,
        PodName = pod.Metadata.Name,
        PodUid = pod.Metadata.Uid,
        State = PodState.Waiting,
        Ip = ip,
    });

    private Task<VMTemplate> SetTemplateReadyAsync(string revision) => Client.CustomObjects.PatchNamespacedCustomObjectStatusAsync<VMTemplate>(
        new V1Patch(
            KubernetesJson.Serialize(new { status = new { nodes = new[] { new { name = Node(1).Name, revision, state = "Ready" } } } }),
            V1Patch.PatchType.MergePatch),
        Group.Name, Group.Version, Name, VMTemplate.Plural, Template);
}
