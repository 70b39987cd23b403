namespace Templating.Kubectl.Load.Recipes;

/// <summary>One item of a recipe's thresholds.</summary>
internal static class ThresholdReader
{
    private const double MostNumber = 1_000_000;

    private const double MostPercent = 100;

    /// <param name="fields">Its own.</param>
    /// <param name="subjects">The names that there are.</param>
    /// <returns>Null where the figure is none.</returns>
    public static Threshold? Read(Fields fields, IReadOnlyList<string> subjects)
    {
        var figure = fields.Choice("figure", Figures.All, required: true);
        var subject = fields.Choice("subject", subjects);
        var against = fields.Choice("against", subjects);
        if (figure is null)
        {
            // Without it nobody knows what the limits are of.
            fields.Skip("most", "least");
            fields.End();
            return null;
        }

        var isTime = Figures.Times.ContainsKey(figure);
        // A ratio of times has no unit.
        var isDuration = isTime && !fields.Has("against");
        var highest = figure == Figures.Failures ? MostPercent : MostNumber;
        var most = fields.Limit("most", isDuration, highest);
        var least = fields.Limit("least", isDuration, highest);
        if (least > most)
        {
            fields.Refuse("least", "It is above most, so that nothing can meet both; lower it.");
        }

        if (!fields.Has("most") && !fields.Has("least") && !fields.IsBroken)
        {
            fields.Refuse("most", "Neither most nor least is there; give one, or both.");
        }

        if (fields.Has("against") && !isTime)
        {
            fields.Refuse("against", $"Found a comparison of {figure}; only {string.Join(", ", Figures.Times.Keys)} are compared. Leave it out.");
        }
        else if (against is not null && against == subject)
        {
            fields.Refuse("against", $"Found {against}, the subject itself, by which the ratio is always 1; name another.");
        }

        if (fields.Has("against") && !fields.Has("subject"))
        {
            fields.Refuse("subject", "It is missing; a comparison needs both sides.");
        }

        fields.End();
        return new Threshold { Figure = figure, Subject = subject, Against = against, Most = most, Least = least };
    }
}
