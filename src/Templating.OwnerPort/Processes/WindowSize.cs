namespace Templating.OwnerPort.Processes;

/// <param name="Rows">Of characters.</param>
/// <param name="Columns">Of characters.</param>
public readonly record struct WindowSize(ushort Rows, ushort Columns);
