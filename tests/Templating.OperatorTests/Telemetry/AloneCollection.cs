namespace Templating.OperatorTests.Telemetry;

/// <summary>
/// For tests of what a process tells of itself: an operator is a process of its own, and the others of this one would be measured, too.
/// They run when all others are done.
/// </summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class AloneCollection
{
    public const string Name = "alone";
}
