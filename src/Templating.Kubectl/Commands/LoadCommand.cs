using System.CommandLine;
using System.CommandLine.Parsing;
using Templating.Contract;
using Templating.Kubectl.Cluster;
using Templating.Kubectl.Load.Api;
using Templating.Kubectl.Load.Recipes;
using Templating.Kubectl.Load.Running;
using Templating.Kubectl.Output;
using Templating.Kubernetes;
using Templating.Terminal.Tables;

namespace Templating.Kubectl.Commands;

/// <summary>Load tests (docs/kubernetes/load.md).</summary>
internal static class LoadCommand
{
    /// <summary>For the calls that are under way, and for what was deleted to be gone.</summary>
    public static readonly TimeSpan CleanUpLimit = Cleaner.Limit + TimeSpan.FromMinutes(1);

    private const string Run = "run";

    private const string Clean = "clean";

    public static Command Create(Globals globals, PluginHost host, TimeProvider time) =>
        new("load", "Runs load tests on a cluster, and removes what they make.")
        {
            CreateRun(globals, host, time), CreateClean(globals, host, time), CreateList(host), CreateShow(host),
        };

    /// <summary>Whether it makes objects that have to go, also where it is ended.</summary>
    public static bool CleansUp(ParseResult parse) => parse.CommandResult is { Command.Name: Run or Clean, Parent: CommandResult { Command.Name: "load" } };

    private static Command CreateRun(Globals globals, PluginHost host, TimeProvider time)
    {
        var recipe = new Argument<string>("RECIPE") { Description = "A file in YAML, or the name of one that comes with it ('load list')" };
        var output = new Option<string?>("--output", "-o") { HelpName = "FOLDER", Description = "Where samples.json, junit.xml and index.html go (default: ./load-RUN); - for standard output, which gets the first two" };
        var pool = new Option<string?>("--pool") { HelpName = "NAME", Description = "The VMPool, in the place of the recipe's" };
        var template = new Option<string?>("--template") { HelpName = "NAME", Description = "The VMTemplate, in the place of the recipe's" };
        var image = new Option<string?>("--image") { HelpName = "IMAGE", Description = "The image of pods, in the place of the recipe's" };
        var operators = new Option<string?>("--operator") { HelpName = "NAMESPACE", Description = "Where the operator runs, whose CPU, memory and queue are measured (default: looked for)" };
        var namespaces = new Option<string[]>("--namespaces") { HelpName = "NAME", Description = "The namespaces, in the place of the recipe's: once for each" };
        namespaces.Validators.Add(result =>
        {
            var names = result.GetValueOrDefault<string[]>() ?? [];
            foreach (var fault in names.Select(name => Labels.Check(namespaces.Name, name)).OfType<FieldViolation>())
            {
                result.AddError($"{fault.Field}: {fault.Description}");
            }

            if (names.Length > RecipeLimits.MaxNamespaces)
            {
                result.AddError($"{namespaces.Name}: Found {names.Length}, expected {RecipeLimits.MaxNamespaces} at most.");
            }
        });
        foreach (var name in new[] { pool, template, operators })
        {
            name.Validators.Add(result =>
            {
                if (result.GetValueOrDefault<string?>() is { } text && Labels.Check(name.Name, text) is { } fault)
                {
                    result.AddError($"{fault.Field}: {fault.Description}");
                }
            });
        }

        recipe.Validators.Add(result => Require(result, recipe.Name, "a file, or the name of a recipe"));
        output.Validators.Add(result => Require(result, output.Name, "a folder, or -"));
        image.Validators.Add(result =>
        {
            var text = result.GetValueOrDefault<string?>() ?? "";
            if (!Fields.IsText(text, RecipeLimits.MaxImage, RecipeLimits.Image))
            {
                result.AddError($"{image.Name}: Found {Quote.Text(text)}, {RecipeLimits.ImageInWords} of 1 to {RecipeLimits.MaxImage} letters is needed.");
            }
        });

        var command = new Command(Run, "Runs a recipe, and ends with 3 where it missed a threshold.") { recipe, output, pool, template, image, namespaces, operators };
        command.Validators.Add(result => CheckNamespace(result, globals));
        command.SetAction(async (parse, cancellationToken) =>
        {
            var options = globals.Read(parse);
            if (options.AllNamespaces)
            {
                throw new PluginException("A load test runs in namespaces that are named; give -n NAME, or namespaces in the recipe, and no -A.");
            }

            var read = RecipeFile.Read(parse.GetRequiredValue(recipe));
            CheckReplaced(
                read, (pool.Name, parse.GetValue(pool), s => s.Pool), (template.Name, parse.GetValue(template), s => s.Template),
                (image.Name, parse.GetValue(image), s => s.Image));
            var wanted = read with
            {
                Namespaces = parse.GetValue(namespaces) is { Length: > 0 } names ? [.. names.Distinct(StringComparer.Ordinal)] : read.Namespaces,
                Subjects = [.. read.Subjects.Select(s => Replace(s, parse.GetValue(pool), parse.GetValue(template), parse.GetValue(image)))],
            };
            var configuration = await ClusterConnection.ConfigurationAsync(options, cancellationToken);
            using var api = new LoadApi(configuration, time);
            return await new LoadSession(host, api, time).RunAsync(
                wanted, options.Namespace ?? configuration.Namespace ?? "default", parse.GetValue(output), parse.GetValue(operators), cancellationToken);
        });
        return command;
    }

    private static Command CreateClean(Globals globals, PluginHost host, TimeProvider time)
    {
        var run = new Argument<string?>("RUN") { Arity = ArgumentArity.ZeroOrOne, Description = "The run's id, as it was printed" };
        var all = new Option<bool>("--all") { Description = "What any load test made" };
        var command = new Command(Clean, "Removes what a load test left that was killed.") { run, all };
        command.Validators.Add(result =>
        {
            CheckNamespace(result, globals);
            var given = result.GetValue(run);
            if (given is null != result.GetValue(all))
            {
                result.AddError("Give a run's id, or --all.");
            }
            else if (given is not null && !Labels.IsLabel(given))
            {
                result.AddError($"'{given}' is no run's id; it is printed when a run begins.");
            }
        });
        command.SetAction(async (parse, cancellationToken) =>
        {
            var options = globals.Read(parse);
            var configuration = await ClusterConnection.ConfigurationAsync(options, cancellationToken);
            using var api = new LoadApi(configuration, time);
            var cleaner = new Cleaner(api, time);
            var selector = parse.GetValue(run) is { } id ? LoadObjects.Selector(id) : Keys.LoadLabel;
            var namespaces = options.AllNamespaces
                ? await cleaner.FindAsync(selector, cancellationToken)
                : [options.Namespace ?? configuration.Namespace ?? "default"];
            var left = await cleaner.CleanAsync(namespaces, selector, Cleaner.Limit);
            foreach (var line in left)
            {
                await host.Error.WriteLineAsync(PlainText.Of($"NOT removed: {line.Text}"));
            }

            await TellRemovedAsync(host, cleaner.Removed, left.Count, parse.GetValue(run), options.AllNamespaces ? "any namespace" : $"namespace {namespaces[0]}");
            return left.Count == 0 ? ExitCode.Ok : ExitCode.Failure;
        });
        return command;
    }

    private static Command CreateList(PluginHost host)
    {
        var command = new Command("list", "Lists the recipes that come with it.");
        command.SetAction(async (_, _) =>
        {
            var recipes = BuiltInRecipes.Names.Select(name => RecipeReader.Parse(name, BuiltInRecipes.Find(name)!));
            await host.Out.WriteAsync(Sheets.Of(["NAME", "DESCRIPTION"], recipes.Select(r => new[] { r.Name, r.Description }), host.Width()));
            return ExitCode.Ok;
        });
        return command;
    }

    private static Command CreateShow(PluginHost host)
    {
        var name = new Argument<string>("NAME") { Description = "One of 'load list'" };
        var command = new Command("show", "Prints a recipe that comes with it, to start from.") { name };
        command.SetAction(async (parse, _) =>
        {
            var wanted = parse.GetRequiredValue(name);
            await host.Out.WriteAsync(BuiltInRecipes.Find(wanted)
                ?? throw new PluginException($"There is no recipe '{wanted}'; there are {string.Join(", ", BuiltInRecipes.Names)}."));
            return ExitCode.Ok;
        });
        return command;
    }

    /// <param name="run">Null for all.</param>
    internal static async Task TellRemovedAsync(PluginHost host, int removed, int left, string? run, string where)
    {
        var of = run is null ? "any run" : $"run {run}";
        if (removed > 0)
        {
            await host.Out.WriteLineAsync($"Removed {removed} {(removed == 1 ? "object" : "objects")} of {of}.");
        }
        else if (left == 0)
        {
            await host.Out.WriteLineAsync($"Nothing of {of} in {where}.");
        }
    }

    private static void Require(SymbolResult result, string name, string needed)
    {
        if (result.Tokens.Any(token => token.Value.Length == 0))
        {
            result.AddError($"{name}: Found nothing, {needed} is needed.");
        }
    }

    private static void CheckNamespace(CommandResult result, Globals globals)
    {
        if (result.GetValue(globals.Namespace) is { } name && Labels.Check(globals.Namespace.Name, name) is { } fault)
        {
            result.AddError($"{fault.Field}: {fault.Description}");
        }
    }

    /// <summary>What would be put in the place of nothing was meant for another recipe.</summary>
    private static void CheckReplaced(Recipe recipe, params ReadOnlySpan<(string Option, string? Given, Func<Subject, string?> Of)> options)
    {
        foreach (var (option, given, of) in options)
        {
            if (given is not null && recipe.Subjects.All(subject => of(subject) is null))
            {
                throw new RecipeException(
                    $"{option}: The recipe {recipe.Name} has no subject with '{option.TrimStart('-')}', in whose place it could stand; leave it out.", []);
            }
        }
    }

    private static Subject Replace(Subject subject, string? pool, string? template, string? image) => subject with
    {
        Pool = subject.Pool is null ? null : pool ?? subject.Pool,
        Template = subject.Template is null ? null : template ?? subject.Template,
        Image = subject.Image is null ? null : image ?? subject.Image,
    };
}
