namespace Templating.Operator.Nodes;

/// <summary>What nodes tell, as it comes.</summary>
internal interface INodeChanges
{
    /// <param name="changed">Must be quick: it runs in the node's watch.</param>
    IDisposable Subscribe(Action<NodeChange> changed);
}
