using Templating.V1;

namespace Templating.Operator.Nodes;

/// <summary>One of the two is set; neither where the node itself came, went, or was synced.</summary>
internal sealed record NodeChange(string Node, Template? Template, VmPod? Pod);
