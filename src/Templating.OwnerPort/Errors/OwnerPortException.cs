namespace Templating.OwnerPort.Errors;

/// <summary>
/// The conversation is over, or never began: the port closed, or the guest said what no guest says. The message tells what was found.
/// What waited fails by it, and so does all that is asked afterwards; only another connection helps.
/// </summary>
public sealed class OwnerPortException(string message, Exception? inner = null) : Exception(message, inner);
