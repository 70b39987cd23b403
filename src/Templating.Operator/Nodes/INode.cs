using Templating.V1;

namespace Templating.Operator.Nodes;

/// <summary>The daemons of the cluster's nodes, by the name of their node.</summary>
internal interface INodeDirectory
{
    /// <summary>Null where no daemon runs, or none that could be reached yet.</summary>
    INode? Find(string nodeName);

    IReadOnlyCollection<INode> All { get; }
}

/// <summary>One node's daemon: what it has, kept up to date by its watches, and what it can be asked for.</summary>
internal interface INode
{
    string Name { get; }

    /// <summary>Whether both watches have told everything and are still connected. What follows is old when false.</summary>
    bool Synced { get; }

    /// <summary>Why it is not; null when it is.</summary>
    string? Problem { get; }

    /// <summary>What GetNode said last; null before.</summary>
    Node? Info { get; }

    IReadOnlyCollection<Template> Templates { get; }

    IReadOnlyCollection<VmPod> Pods { get; }

    /// <summary>By the pod's uid.</summary>
    VmPod? FindPod(string uid);

    /// <exception cref="Templating.Api.Client.TemplatingClientException">As the daemon refused, or that it cannot be reached.</exception>
    Task<VmPod> ActivateAsync(ActivatePodRequest request, CancellationToken cancellationToken);

    /// <summary>Builds and returns when it is published. At most one build a node at a time; others wait.</summary>
    Task<Template> CreateTemplateAsync(CreateTemplateRequest request, IProgress<CreateTemplateResponse>? progress, CancellationToken cancellationToken);

    Task DeleteTemplateAsync(DeleteTemplateRequest request, CancellationToken cancellationToken);
}
