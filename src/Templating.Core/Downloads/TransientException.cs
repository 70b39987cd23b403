namespace Templating.Core.Downloads;

/// <summary>A transfer that failed in a way that may pass.</summary>
internal sealed class TransientException(string message, Exception? inner = null) : Exception(message, inner);
