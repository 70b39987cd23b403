namespace Templating.Kubectl.Load.Recipes;

/// <summary>A part of a run.</summary>
internal abstract record Stage;

/// <summary>All at once.</summary>
internal sealed record BurstStage(int Count) : Stage;

/// <summary>So many a second.</summary>
internal sealed record SteadyStage(double Rate, TimeSpan Over) : Stage;

/// <summary>From one rate to another, evenly.</summary>
internal sealed record RampStage(double From, double To, TimeSpan Over) : Stage;

/// <summary>Nothing is created.</summary>
internal sealed record PauseStage(TimeSpan Over) : Stage;

/// <summary>So many more each time all before have come to be usable, until too many of a step do not.</summary>
/// <param name="Step">Objects of a step.</param>
/// <param name="Steps">At most.</param>
/// <param name="Failures">Percent of a step above which the capacity is reached.</param>
internal sealed record RatchetStage(int Step, int Steps, double Failures) : Stage;
