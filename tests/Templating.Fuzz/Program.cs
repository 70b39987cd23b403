using System.Globalization;
using Templating.Fuzz;

// Templating.Fuzz CORPUS FINDINGS SECONDS SEED [TARGET...]: each target over its corpus and then for its share of the time. Prints
// a line a target, and "N passed, N failed". Templating.Fuzz --input FILE TARGET: one input again.
Coverage.Begin();
if (args is ["--input", var file, var name])
{
    await Targets.All.Single(t => t.Name == name).RunAsync(await File.ReadAllBytesAsync(file));
    Targets.CleanUp();
    return 0;
}

var (corpus, findings, seed) = (args[0], args[1], long.Parse(args[3], CultureInfo.InvariantCulture));
var chosen = Targets.All.Where(t => args.Length <= 4 || args.Skip(4).Contains(t.Name)).ToList();
var each = TimeSpan.FromSeconds(double.Parse(args[2], CultureInfo.InvariantCulture) / Math.Max(chosen.Count, 1));
var failed = 0;
foreach (var target in chosen)
{
    var coverage = new Coverage();
    var campaign = new Campaign(target, Path.Combine(corpus, target.Name), findings, coverage, seed);
    await campaign.RunAsync(each);
    if (!campaign.IsGuided)
    {
        campaign.Problems.Add("Nothing was counted: what it runs was not rewritten for coverage.");
    }

    failed += campaign.Problems.Count > 0 ? 1 : 0;
    Console.WriteLine(
        $"{(campaign.Problems.Count > 0 ? "FAILED" : "ok    ")} {target.Name,-12} {campaign.Runs,9} runs, {campaign.Inputs,5} inputs kept, {coverage.Reached,6} branches (seed {seed})");
    campaign.Problems.ForEach(Console.WriteLine);
}

Targets.CleanUp();
Console.WriteLine($"{chosen.Count - failed} passed, {failed} failed");
return failed == 0 && chosen.Count > 0 ? 0 : 1;
