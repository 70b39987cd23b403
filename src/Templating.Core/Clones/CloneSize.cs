namespace Templating.Core.Clones;

/// <summary>What a clone is to have in all.</summary>
/// <param name="Vcpus">Null for as many as it has.</param>
/// <param name="MemoryBytes">Null for as much RAM as it has.</param>
public sealed record CloneSize(int? Vcpus, long? MemoryBytes);
