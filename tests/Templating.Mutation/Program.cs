using System.Diagnostics;
using System.Globalization;
using Templating.Mutation;

// Steps of eng/mutate.sh:
//   rewrite SOURCE TREE WORK FOLDER...   puts the mutants into the tree; WORK/mutants.tsv lists them, WORK/excluded.txt names those left out
//   exclude TREE WORK                    adds to WORK/excluded.txt those in whose lines WORK/build.log has errors
//   run ASSEMBLY WORK [--crashed]        judges each that WORK/results.tsv does not have; ends with 3 where one hangs, to be started again;
//                                        --crashed: the one before was ended by the one it judged
var work = args[0] == "exclude" ? args[2] : args[0] == "run" ? args[2] : args[3];
var list = Path.Combine(work, "mutants.tsv");
var excluded = Path.Combine(work, "excluded.txt");
switch (args[0])
{
    case "rewrite":
        var left = File.Exists(excluded) ? File.ReadLines(excluded).ToHashSet(StringComparer.Ordinal) : [];
        var made = Rewriting.Run(args[1], args[2], args[4..], left);
        File.WriteAllLines(list, made.Select(m => $"{m.Id}\t{m.File}\t{m.Line}\t{m.Kind}\t{m.Change}"));
        Console.WriteLine($"{made.Count} mutants");
        return 0;
    case "exclude":
        var broken = Rewriting.AtErrors(File.ReadAllText(Path.Combine(work, "build.log")), args[1], Read()).Select(m => m.Key).Distinct().ToList();
        File.AppendAllLines(excluded, broken);
        Console.WriteLine($"{broken.Count} do not compile");
        return broken.Count > 0 ? 0 : 1;
    default:
        return Judge(args[1]);
}

List<Mutant> Read() =>
[
    .. File.ReadLines(list).Select(l => l.Split('\t')).Select(p =>
        new Mutant(int.Parse(p[0], CultureInfo.InvariantCulture), p[1], int.Parse(p[2], CultureInfo.InvariantCulture), p[3], p[4])),
];

int Judge(string assembly)
{
    var (results, coverage) = (Path.Combine(work, "results.tsv"), Path.Combine(work, "coverage.tsv"));
    var (mutants, run) = (Read(), new TestRun(assembly));
    var cases = run.Cases.Where(c => !Skipped(c.TestMethod.TestClass.Class.Name)).ToDictionary(c => c.UniqueID);
    if (!File.Exists(coverage))
    {
        var lines = new List<string>();
        foreach (var (id, test) in cases)
        {
            run.Clear();
            var start = Stopwatch.GetTimestamp();
            if (run.Run([test]) is { } failed)
            {
                Console.WriteLine($"left out, it fails without a mutant: {failed}");
                continue;
            }

            var took = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            lines.Add($"{id}\t{took:0}\t{string.Join(' ', mutants.Where(m => run.Hit(m.Id)).Select(m => m.Id))}");
        }

        File.WriteAllLines(coverage, lines);
    }

    var tests = File.ReadLines(coverage).Select(l => l.Split('\t')).Where(p => cases.ContainsKey(p[0]))
        .Select(p => (Case: cases[p[0]], Time: double.Parse(p[1], CultureInfo.InvariantCulture), Hits: p[2].Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(i => int.Parse(i, CultureInfo.InvariantCulture)).ToHashSet()))
        .OrderBy(t => t.Time).ToList();
    var done = File.Exists(results) ? File.ReadLines(results).Select(l => int.Parse(l.Split('\t')[0], CultureInfo.InvariantCulture)).ToHashSet() : [];
    var current = Path.Combine(work, "current");
    if (args is [.., "--crashed"] && int.Parse(File.ReadAllText(current), CultureInfo.InvariantCulture) is var last && done.Add(last))
    {
        // The process before this one was ended by what it judged.
        File.AppendAllLines(results, [$"{last}\tcrashed\t{mutants[last].Key}"]);
    }

    foreach (var mutant in mutants.Where(m => !done.Contains(m.Id)))
    {
        File.WriteAllText(current, $"{mutant.Id}");
        var judges = tests.Where(t => t.Hits.Contains(mutant.Id)).ToList();
        var limit = TimeSpan.FromMilliseconds(10_000 + (5 * judges.Sum(t => t.Time)));
        using var hung = new Timer(_ =>
        {
            File.AppendAllLines(results, [$"{mutant.Id}\thung\t{mutant.Key}"]);
            Environment.Exit(3);
        }, null, limit, Timeout.InfiniteTimeSpan);
        run.Activate(mutant.Id);
        var failed = judges.Count == 0 ? null : judges.Select(t => run.Run([t.Case])).FirstOrDefault(f => f is not null);
        run.Activate(-1);
        hung.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        File.AppendAllLines(results, [$"{mutant.Id}\t{(judges.Count == 0 ? "uncovered" : failed is null ? "survived" : "noticed")}\t{mutant.Key}\t{failed}"]);
    }

    File.Delete(current);
    return 0;
}

// They look at the sources, or at the whole machine, not at what code does.
static bool Skipped(string test) => test.EndsWith("ArchitectureTests", StringComparison.Ordinal) || test.EndsWith("DesignTests", StringComparison.Ordinal)
    || test.EndsWith("SpecificationTests", StringComparison.Ordinal) || test.EndsWith("LibCallsTests", StringComparison.Ordinal) || test.Contains(".Fuzzing.ServiceTests", StringComparison.Ordinal);
