namespace Templating.Kubectl.Load.Running;

/// <summary>What a load test made and could not remove.</summary>
/// <param name="Namespace">Where it is.</param>
/// <param name="Text">What it is, and why it is still there.</param>
internal sealed record Leftover(string Namespace, string Text);
