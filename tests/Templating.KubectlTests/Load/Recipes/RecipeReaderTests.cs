using System.Text.RegularExpressions;
using Templating.Kubectl.Load.Recipes;
using Templating.Kubectl.Load.Running;
using Templating.Testing;

namespace Templating.KubectlTests.Load.Recipes;

public sealed class RecipeReaderTests
{
    private const string Sound = """
        version: 1
        name: mine
        subjects: [{name: vm, pool: web}]
        stages: [{burst: {count: 5}}]
        """;

    public static TheoryData<string> BuiltIn => [.. BuiltInRecipes.Names];

    [Fact]
    public void TheFiveRecipesComeWithIt() => BuiltInRecipes.Names.ShouldBe(["burst", "churn", "pool-exhaustion", "ramp", "ratchet"]);

    [Theory]
    [MemberData(nameof(BuiltIn))]
    public void EachRecipeThatComesWithItCanBeRunAndIsCalledAsItsFile(string name)
    {
        var recipe = RecipeReader.Parse(name, BuiltInRecipes.Find(name)!);
        recipe.Name.ShouldBe(name);
        recipe.Description.ShouldNotBeEmpty();
    }

    [Fact]
    public void TheRecipesOfTheDocumentationCanBeRun()
    {
        var page = File.ReadAllText(Path.Combine(Repository.Root, "docs/kubernetes/load.md"));
        var recipes = Regex.Matches(page, "```yaml\n(?<yaml>.*?)```", RegexOptions.Singleline | RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(5));
        recipes.ShouldNotBeEmpty();
        foreach (var yaml in recipes.Select(match => match.Groups["yaml"].Value))
        {
            RecipeReader.Parse("load.md", yaml).Subjects.ShouldNotBeEmpty();
        }
    }

    [Fact]
    public void WhatIsNotSaidHasItsDefault()
    {
        var recipe = RecipeReader.Parse("r", Sound);
        recipe.Timeout.ShouldBe(TimeSpan.FromMinutes(2));
        recipe.Lifetime.ShouldBeNull();
        recipe.Concurrency.ShouldBe(32);
        recipe.Alive.ShouldBe(1000);
        recipe.Http.ShouldBeNull();
        recipe.Subjects.ShouldHaveSingleItem().Share.ShouldBe(1);
        recipe.Stages.ShouldHaveSingleItem().ShouldBe(new BurstStage(5));
    }

    [Fact]
    public void EverythingThatIsWrongIsToldTogetherAndByItsPath()
    {
        var refusal = Refuse("""
            version: 2
            name: No Name
            subjects:
              - {name: vm, pool: web, template: web}
              - {name: vm, runtimeClass: kata, pool: web}
            stages:
              - {steady: {rate: 1000, over: 5}}
              - {burst: {count: 1}, pause: {over: 1s}}
            concurency: 3
            thresholds: [{figure: p50, subject: nobody}]
            """);
        refusal.Faults.Select(f => f.Field).ShouldBe(
        [
            "version", "name", "subjects[0].pool", "subjects[1].runtimeClass", "stages[0].steady.rate", "stages[0].steady.over", "stages[1].burst",
            "thresholds[0].subject", "thresholds[0].most", "subjects", "concurency",
        ], ignoreOrder: true);
        refusal.Message.ShouldContain("11 faults");
        refusal.Faults.ShouldAllBe(f => f.Description.EndsWith('.'));
    }

    [Theory]
    [InlineData("concurrency: 0", "concurrency", "from 1 to 128")]
    [InlineData("concurrency: 129", "concurrency", "Found 129")]
    [InlineData("concurrency: many", "concurrency", "a whole number")]
    [InlineData("timeout: 10", "timeout", "a duration from 1s")]
    [InlineData("timeout: 2h", "timeout", "to 1h0m")]
    [InlineData("lifetime: -1s", "lifetime", "Found")]
    [InlineData("alive: 20000", "alive", "from 1 to 10000")]
    [InlineData("alive: 4", "alive", "5 objects are created that all stay")]
    [InlineData("namespaces: [kube_system]", "namespaces[0]", "a name of small letters")]
    [InlineData("namespaces: all", "namespaces", "a list")]
    [InlineData("http: {port: 80}", "http.port", "from 1024 to 65535")]
    [InlineData("http: {port: 8080, guestPort: 0}", "http.guestPort", "from 1 to 65535")]
    [InlineData("concurrency: 1.0", "concurrency", "Found 1.0, a whole number")]
    [InlineData("namespaces: [team-a, team-b, team-a]", "namespaces", "'team-a' is there twice")]
    [InlineData("thresholds: [{figure: p50, least: 2s, most: 1s}]", "thresholds[0].least", "above most")]
    [InlineData("thresholds: [{figure: failures, most: 101}]", "thresholds[0].most", "from 0 to 100")]
    [InlineData("thresholds: [{figure: p50, subject: vm, against: vm, most: 5}]", "thresholds[0].against", "the subject itself")]
    [InlineData("http: {port: 8080, path: x}", "http.path", "begins with '/'")]
    [InlineData("http: 8080", "http", "a mapping is needed")]
    [InlineData("usable: ready", "usable", "Unknown field")]
    [InlineData("thresholds: [{figure: p42, most: 1s}]", "thresholds[0].figure", "one of p50")]
    [InlineData("thresholds: [{figure: p50, most: 5}]", "thresholds[0].most", "a duration")]
    [InlineData("thresholds: [{figure: rate, least: 5s}]", "thresholds[0].least", "a number")]
    [InlineData("thresholds: [{figure: rate, subject: vm, against: vm, least: 5}]", "thresholds[0].against", "only p50")]
    [InlineData("thresholds: [{figure: p50, against: vm, most: 5}]", "thresholds[0].subject", "both sides")]
    public void AFieldOutsideOfItsLimitsIsRefusedWithWhatWasFoundAndWhatIsAllowed(string line, string field, string said)
    {
        var fault = Refuse($"{Sound}\n{line}").Faults.ShouldHaveSingleItem();
        fault.Field.ShouldBe(field);
        fault.Description.ShouldContain(said);
    }

    [Fact]
    public void ARunThatCreatesTooMuchAltogetherIsRefused() => Refuse("""
        version: 1
        name: mine
        subjects: [{name: vm, pool: web}]
        stages: [{ramp: {from: 0, to: 200, over: 2m}}, {steady: {rate: 100, over: 2m}}]
        lifetime: 1s
        """).Faults.ShouldHaveSingleItem().Description.ShouldContain("24000 objects");

    [Theory]
    [InlineData("{steady: {rate: 0.01, over: 1s}}")]
    [InlineData("{ramp: {from: 0, to: 0, over: 1m}}")]
    [InlineData("{pause: {over: 1m}}")]
    public void ARunThatCreatesNothingIsRefused(string stage)
    {
        var fault = Refuse($"version: 1\nname: mine\nsubjects: [{{name: vm, pool: web}}]\nstages: [{stage}]").Faults.ShouldHaveSingleItem();
        fault.Field.ShouldBe("stages");
        fault.Description.ShouldContain("They create nothing");
    }

    [Theory]
    [InlineData("http: {port: 8080}", 8080)]
    [InlineData("http: {port: 8080, guestPort: 80}", 80)]
    public void AVmClonesPortLeadsToTheGuestsOwn(string line, int guestPort)
    {
        var recipe = RecipeReader.Parse("r", $"{Sound}\n{line}");
        var port = LoadObjects.Clone(recipe.Subjects[0], "load-x-0", "x", recipe.Http).Spec.Ports.ShouldNotBeNull().ShouldHaveSingleItem();
        (port.GuestPort, port.Port).ShouldBe((guestPort, 8080));
    }

    [Fact]
    public void ARatchetsObjectsStay() => Refuse("""
        version: 1
        name: mine
        subjects: [{name: vm, pool: web}]
        stages: [{ratchet: {step: 2, steps: 3}}]
        lifetime: 1s
        """).Faults.ShouldHaveSingleItem().Field.ShouldBe("lifetime");

    [Theory]
    [InlineData("")]
    [InlineData("- a\n- b")]
    [InlineData("just words")]
    public void WhatIsNoRecipeAtAllHasOneFault(string text) => Refuse(text).Faults.ShouldContain(f => f.Field == "(document)");

    [Fact]
    public void YamlThatIsNoneIsToldWithItsPlace() => Refuse("name: [").Message.ShouldStartWith("r:");

    private static RecipeException Refuse(string text) => Should.Throw<RecipeException>(() => RecipeReader.Parse("r", text));
}
