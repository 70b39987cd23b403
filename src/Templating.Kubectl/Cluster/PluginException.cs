namespace Templating.Kubectl.Cluster;

/// <summary>Ends a command with a message for the person at the terminal.</summary>
internal sealed class PluginException(string message, Exception? inner = null) : Exception(message, inner);
