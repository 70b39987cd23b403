using Templating.Core.Machines;

namespace Templating.Core.Clones;

/// <summary>The process whose end is a clone's. A daemon that knows of no owners cannot read a record that has one, and ends its VM: none is left without.</summary>
/// <param name="Process">Told from a later one of the same number.</param>
/// <param name="Detached">Whether the clone lives on without the call that holds it.</param>
public sealed record CloneOwner(VmProcessId Process, bool Detached);
