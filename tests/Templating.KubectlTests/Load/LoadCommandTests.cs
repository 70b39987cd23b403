using System.Globalization;
using System.Text.Json;
using Templating.Kubectl.Commands;
using Templating.Kubectl.Load.Recipes;
using Templating.Terminal.Descriptors;
using Templating.Testing;

namespace Templating.KubectlTests.Load;

public sealed class LoadCommandTests
{
    [Fact]
    public async Task ItListsAndShowsTheRecipesThatComeWithIt()
    {
        var (code, output, _) = await RunAsync("load", "list");
        code.ShouldBe(ExitCode.Ok);
        output.ShouldContain("pool-exhaustion");
        (await RunAsync("load", "show", "burst")).Output.ShouldContain("name: burst");
        (await RunAsync("load", "show", "nothing")).Error.ShouldContain("burst, churn");
    }

    [Fact]
    public void TheChartKnowsTheRecipesThatComeWithIt()
    {
        using var schema = JsonDocument.Parse(File.ReadAllText(Path.Combine(Repository.Root, "charts/templating/values.schema.json")));
        schema.RootElement.GetProperty("properties").GetProperty("loadTest").GetProperty("properties").GetProperty("recipe").GetProperty("anyOf")[0]
            .GetProperty("enum").EnumerateArray().Select(name => name.GetString()).ShouldBe(["", .. BuiltInRecipes.Names]);
    }

    [Fact]
    public void AJobsPodHasMoreTimeToEndThanARunTakesToCleanUp()
    {
        const string Field = "terminationGracePeriodSeconds: ";
        var line = File.ReadLines(Path.Combine(Repository.Root, "charts/templating/templates/_helpers.tpl")).Single(l => l.Contains(Field, StringComparison.Ordinal));
        TimeSpan.FromSeconds(int.Parse(line[(line.IndexOf(Field, StringComparison.Ordinal) + Field.Length)..], CultureInfo.InvariantCulture))
            .ShouldBeGreaterThan(LoadCommand.CleanUpLimit);
    }

    [Fact]
    public async Task ARecipeWithFaultsIsAUsageErrorThatListsThem()
    {
        using var folder = new TempFolder();
        var file = folder.Write("r.yaml", "version: 1\nname: mine\nsubjects: []\nstages: [{burst: {count: 0}}]\n");
        var (code, _, error) = await RunAsync("load", "run", file);
        code.ShouldBe(ExitCode.Usage);
        error.ShouldContain("has 2 faults");
        error.ShouldContain("  subjects: Found a list of 0");
        error.ShouldContain("  stages[0].burst.count: Found 0");
    }

    [Fact]
    public async Task WhatIsNoFileAndNoRecipeIsToldWithWhatThereIs()
    {
        var (code, _, error) = await RunAsync("load", "run", "nothing-of-the-kind");
        code.ShouldBe(ExitCode.Usage);
        error.ShouldContain("Give a file, or one of burst");
    }

    [Theory]
    [InlineData("load", "run", "burst", "-A")]
    [InlineData("load", "run", "burst", "--pool", "No_Name")]
    [InlineData("load", "run", "burst", "--namespaces", "team-a", "--namespaces", "No_Name")]
    [InlineData("load", "run", "burst", "-n", "No_Name")]
    [InlineData("load", "run", "burst", "--image", "two words")]
    [InlineData("load", "clean", "x", "-n", "No_Name")]
    [InlineData("load", "clean")]
    [InlineData("load", "clean", "x", "--all")]
    [InlineData("load", "clean", "a,b")]
    public async Task WhatCouldReachTooFarIsRefusedBeforeAnyCall(params string[] arguments) => (await RunAsync(arguments)).Code.ShouldNotBe(ExitCode.Ok);

    [Theory]
    [InlineData("RECIPE: Found nothing", "load", "run", "")]
    [InlineData("--output: Found nothing", "load", "run", "burst", "--output", "")]
    [InlineData("--image: Found ''", "load", "run", "burst", "--image", "")]
    [InlineData("--image: The recipe churn has no subject with 'image'", "load", "run", "churn", "--image", "registry.example/none")]
    [InlineData("/tmp is a folder.", "load", "run", "/tmp")]
    public async Task WhatCannotBeMeantIsAUsageErrorThatSaysSo(string said, params string[] arguments)
    {
        var (code, _, error) = await RunAsync(arguments);
        code.ShouldBe(ExitCode.Usage, error);
        error.ShouldContain(said);
    }

    [Theory]
    [InlineData(2, 0, "x", "Removed 2 objects of run x.")]
    [InlineData(1, 1, null, "Removed 1 object of any run.")]
    [InlineData(0, 0, "x", "Nothing of run x in namespace team-a.")]
    [InlineData(0, 1, "x", "")]
    public async Task CleaningUpTellsWhatItRemoved(int removed, int left, string? run, string said)
    {
        using var output = new StringWriter();
        using var guard = new OutputGuard();
        await LoadCommand.TellRemovedAsync(new PluginHost(output, TextWriter.Null, guard, () => null), removed, left, run, "namespace team-a");
        output.ToString().TrimEnd().ShouldBe(said);
    }

    [Theory]
    [InlineData(true, "load", "run", "burst")]
    [InlineData(true, "load", "clean", "--all")]
    [InlineData(false, "load", "list")]
    [InlineData(false, "status")]
    public void OnlyWhatMakesOrRemovesHasTimeToCleanUpAfterASignal(bool expected, params string[] arguments)
    {
        using var guard = new OutputGuard();
        var root = Cli.CreateRoot(new PluginHost(TextWriter.Null, TextWriter.Null, guard, () => null), TimeProvider.System);
        LoadCommand.CleansUp(root.Parse(arguments)).ShouldBe(expected);
    }

    private static async Task<(int Code, string Output, string Error)> RunAsync(params string[] arguments)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        using var guard = new OutputGuard();
        var code = await Cli.RunAsync(arguments, new PluginHost(output, error, guard, () => null), TimeProvider.System);
        return (code, output.ToString(), error.ToString());
    }
}
