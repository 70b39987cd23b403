using Templating.Kubectl.Load.Recipes;

namespace Templating.Kubectl.Load.Schedules;

/// <summary>When the objects of a stage are asked for, from its begin: set before, whatever becomes of them. Pure.</summary>
internal static class ArrivalPlan
{
    /// <returns>In order. Of a ratchet none: its next step waits for the one before.</returns>
    public static IEnumerable<TimeSpan> Of(Stage stage) => stage switch
    {
        BurstStage burst => Enumerable.Repeat(TimeSpan.Zero, burst.Count),
        SteadyStage steady => Ramp(steady.Rate, steady.Rate, steady.Over),
        RampStage ramp => Ramp(ramp.From, ramp.To, ramp.Over),
        _ => [],
    };

    public static TimeSpan LengthOf(Stage stage) => stage switch
    {
        SteadyStage steady => steady.Over,
        RampStage ramp => ramp.Over,
        PauseStage pause => pause.Over,
        _ => TimeSpan.Zero,
    };

    /// <summary>
    /// Until t there have come from*t + (to-from)*t²/(2*over); the i-th comes when that is i. Of the two solutions the form
    /// without a difference of near numbers is taken: it holds for an even rate, too.
    /// </summary>
    private static IEnumerable<TimeSpan> Ramp(double from, double to, TimeSpan over)
    {
        var seconds = over.TotalSeconds;
        var growth = (to - from) / seconds;
        // What a rate and a time have as their product may be a hair below a whole number.
        var count = (int)Math.Floor(((from + to) / 2 * seconds) + 1e-9);
        for (var i = 0; i < count; i++)
        {
            var root = Math.Sqrt(Math.Max(0, (from * from) + (2 * growth * i)));
            var at = i == 0 ? 0 : 2 * i / (from + root);
            yield return TimeSpan.FromSeconds(Math.Min(at, seconds));
        }
    }
}
