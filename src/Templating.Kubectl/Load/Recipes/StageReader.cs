namespace Templating.Kubectl.Load.Recipes;

/// <summary>One item of a recipe's stages: a mapping with the stage's kind as its one field.</summary>
internal static class StageReader
{
    private static readonly Dictionary<string, Func<Fields, Stage>> Kinds = new(StringComparer.Ordinal)
    {
        ["burst"] = f => new BurstStage(f.Whole("count", 1, RecipeLimits.MaxCount, required: true) ?? 0),
        ["steady"] = f => new SteadyStage(Rate(f, "rate", least: 0.01), Over(f)),
        ["ramp"] = f => new RampStage(Rate(f, "from", least: 0), Rate(f, "to", least: 0), Over(f)),
        ["pause"] = f => new PauseStage(Over(f)),
        ["ratchet"] = f => new RatchetStage(
            f.Whole("step", 1, RecipeLimits.MaxAlive, required: true) ?? 0,
            f.Whole("steps", 1, RecipeLimits.MaxSteps, required: true) ?? 0,
            f.Number("failures", 0, 100) ?? 0),
    };

    /// <returns>Null where it is none.</returns>
    public static Stage? Read(Fields fields)
    {
        var given = Kinds.Keys.Where(fields.Has).ToArray();
        var read = Kinds.Select(kind => (kind.Value, Inner: fields.Map(kind.Key))).Where(kind => kind.Inner is not null).ToList();
        fields.End();
        if (given.Length != 1)
        {
            if (!fields.IsBroken)
            {
                var found = given.Length == 0 ? "none" : string.Join(" and ", given);
                fields.Refuse(Kinds.Keys.First(), $"Found {found} of {string.Join(", ", Kinds.Keys)}; exactly one is needed.");
            }

            return null;
        }

        var stage = read[0].Value(read[0].Inner!);
        read[0].Inner!.End();
        return stage;
    }

    private static double Rate(Fields fields, string name, double least) => fields.Number(name, least, RecipeLimits.MaxRate, required: true) ?? 0;

    private static TimeSpan Over(Fields fields) => fields.Duration("over", RecipeLimits.MinOver, RecipeLimits.MaxOver, required: true) ?? default;
}
