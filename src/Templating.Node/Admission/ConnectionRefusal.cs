using Templating.Core.Errors;

namespace Templating.Node.Admission;

/// <summary>On a connection beyond its caller's share: what its first call is told before it is closed.</summary>
internal sealed record ConnectionRefusal(TemplatingException Reason);
