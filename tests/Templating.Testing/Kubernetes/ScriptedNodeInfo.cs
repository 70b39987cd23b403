using Grpc.Core;
using Templating.V1;

namespace Templating.Testing.Kubernetes;

internal sealed class ScriptedNodeInfo(ScriptedNode node) : NodeService.NodeServiceBase
{
    public override Task<Node> GetNode(GetNodeRequest request, ServerCallContext context) => Task.FromResult(node.Info);
}
