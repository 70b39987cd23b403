using System.Globalization;
using System.Text.Json.Nodes;
using Templating.Contract;
using Templating.Terminal.Written;

namespace Templating.Kubectl.Load.Recipes;

/// <summary>Recipes in YAML; JSON is YAML.</summary>
internal static class RecipeReader
{
    private const string Label = "a name of small letters, digits and '-'";

    private static readonly string[] Kinds = ["pool", "template", "image"];

    private static readonly string[] OfPods = ["command", "runtimeClass"];

    /// <exception cref="RecipeException">With all faults.</exception>
    public static Recipe Parse(string file, string text)
    {
        JsonNode? tree;
        try
        {
            tree = YamlDocument.Parse(file, text);
        }
        catch (FormatException e)
        {
            throw new RecipeException(e.Message, [], e);
        }

        var faults = new Faults();
        var recipe = Read(Fields.Of(tree, "", faults), faults);
        return faults.All.Count == 0 ? recipe
            : throw new RecipeException($"The recipe {file} has {(faults.All.Count == 1 ? "a fault" : $"{faults.All.Count} faults")}:", faults.All);
    }

    private static Recipe Read(Fields fields, Faults faults)
    {
        fields.Whole("version", 1, 1, required: true);
        var subjects = fields.List("subjects", RecipeLimits.MaxSubjects, required: true).Select(i => SubjectOf(Fields.Of(i.Item, i.Path, faults))).ToList();
        var recipe = new Recipe
        {
            Name = fields.Text("name", Labels.MaxLength, Patterns.Label, Label, required: true) ?? "",
            Description = fields.Text("description", RecipeLimits.MaxDescription) ?? "",
            Namespaces = fields.Texts("namespaces", RecipeLimits.MaxNamespaces, Labels.MaxLength, Patterns.Label, Label),
            Subjects = subjects,
            Stages =
            [
                .. fields.List("stages", RecipeLimits.MaxStages, required: true).Select(i => StageReader.Read(Fields.Of(i.Item, i.Path, faults))).OfType<Stage>(),
            ],
            Http = HttpOf(fields.Map("http")),
            Timeout = fields.Duration("timeout", RecipeLimits.MinTimeout, RecipeLimits.MaxTimeout) ?? RecipeLimits.DefaultTimeout,
            Lifetime = fields.Duration("lifetime", TimeSpan.Zero, RecipeLimits.MaxLifetime),
            Concurrency = fields.Whole("concurrency", 1, RecipeLimits.MaxConcurrency) ?? RecipeLimits.DefaultConcurrency,
            Alive = fields.Whole("alive", 1, RecipeLimits.MaxAlive) ?? RecipeLimits.DefaultAlive,
            Thresholds =
            [
                .. fields.List("thresholds", RecipeLimits.MaxThresholds)
                    .Select(i => ThresholdReader.Read(Fields.Of(i.Item, i.Path, faults), [.. subjects.Select(s => s.Name)])).OfType<Threshold>(),
            ],
        };
        CheckTogether(recipe, fields, areStagesSound: !faults.All.Any(f => f.Field.StartsWith("stages", StringComparison.Ordinal)));
        fields.End();
        return recipe;
    }

    /// <summary>What no field says alone.</summary>
    private static void CheckTogether(Recipe recipe, Fields fields, bool areStagesSound)
    {
        foreach (var twice in recipe.Namespaces.CountBy(ns => ns, StringComparer.Ordinal).Where(ns => ns.Value > 1))
        {
            fields.Refuse("namespaces", $"'{twice.Key}' is there twice; name each once.");
        }

        // As many as a schedule has whole objects.
        if (areStagesSound && !recipe.Stages.Any(stage => Size(stage) + 1e-9 >= 1))
        {
            fields.Refuse("stages", "They create nothing, one object at least is needed. Give higher rates or times, or a burst.");
        }

        foreach (var twice in recipe.Subjects.GroupBy(s => s.Name, StringComparer.Ordinal).Where(g => g.Key.Length > 0 && g.Count() > 1))
        {
            fields.Refuse("subjects", $"Two are called '{twice.Key}'; their figures could not be told apart. Give each a name of its own.");
        }

        var count = recipe.Stages.Sum(Size);
        if (count > RecipeLimits.MaxCount)
        {
            fields.Refuse("stages", string.Create(
                CultureInfo.InvariantCulture, $"Together they create {count:0} objects, {RecipeLimits.MaxCount} is the most allowed. Lower rates or times."));
        }

        if (recipe.Lifetime is null && count > recipe.Alive)
        {
            fields.Refuse("alive", string.Create(
                CultureInfo.InvariantCulture,
                $"Found {recipe.Alive}, and {count:0} objects are created that all stay until the end. "
                + $"Give a lifetime, or an alive of as many (at most {RecipeLimits.MaxAlive})."));
        }

        if (recipe.Lifetime is not null && recipe.Stages.Any(s => s is RatchetStage))
        {
            fields.Refuse("lifetime", "With a ratchet nothing may go while it counts; leave lifetime out.");
        }
    }

    private static double Size(Stage stage) => stage switch
    {
        BurstStage burst => burst.Count,
        SteadyStage steady => steady.Rate * steady.Over.TotalSeconds,
        RampStage ramp => (ramp.From + ramp.To) / 2 * ramp.Over.TotalSeconds,
        RatchetStage ratchet => (double)ratchet.Step * ratchet.Steps,
        _ => 0,
    };

    private static Subject SubjectOf(Fields fields)
    {
        var subject = new Subject
        {
            Name = fields.Text("name", Labels.MaxLength, Patterns.Label, Label, required: true) ?? "",
            Pool = fields.Text("pool", Labels.MaxLength, Patterns.Label, Label),
            Template = fields.Text("template", NodeTemplates.MaxName, Patterns.Label, Label),
            Image = fields.Text("image", RecipeLimits.MaxImage, RecipeLimits.Image, RecipeLimits.ImageInWords),
            Command = fields.Texts("command", RecipeLimits.MaxWords, RecipeLimits.MaxWord) is { Count: > 0 } words ? words : null,
            RuntimeClass = fields.Text("runtimeClass", Patterns.MaxSubdomain, Patterns.Subdomain, "the name of a RuntimeClass"),
            Share = fields.Whole("share", 1, RecipeLimits.MaxShare) ?? 1,
        };
        var given = Kinds.Where(fields.Has).ToArray();
        if (given.Length != 1 && !fields.IsBroken)
        {
            fields.Refuse("pool", $"Found {(given.Length == 0 ? "none" : string.Join(" and ", given))} of pool, template and image; exactly one is needed.");
        }

        foreach (var name in OfPods.Where(name => fields.Has(name) && !fields.Has("image")))
        {
            fields.Refuse(name, "Only pods have it, and a pod has an image; leave it out, or give an image.");
        }

        fields.End();
        return subject;
    }

    private static HttpGoal? HttpOf(Fields? fields)
    {
        if (fields is null)
        {
            return null;
        }

        var goal = new HttpGoal(
            fields.Whole("port", ForwardRules.LeastUnprivileged, ForwardRules.MaxPort, required: true) ?? 0,
            fields.Text("path", RecipeLimits.MaxPath, "^/[!-~]*$", "a path that begins with '/'") ?? "/",
            fields.Whole("guestPort", 1, ForwardRules.MaxPort));
        fields.End();
        return goal;
    }
}
