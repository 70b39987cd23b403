using Microsoft.CodeAnalysis.CSharp;

namespace Templating.Mutation;

/// <summary>Puts mutants into a copy of the sources.</summary>
internal static class Rewriting
{
    private const string Switch = """
        public static class Mutants
        {
            private static readonly bool[] Hits = new bool[1 << 16];

            public static volatile int Active = -1;

            public static bool Is(int id)
            {
                Hits[id] = true;
                return Active == id;
            }

            public static void Clear() => System.Array.Clear(Hits);

            public static bool Hit(int id) => Hits[id];
        }
        """;

    /// <param name="tree">The copy.</param>
    /// <param name="folders">Relative to it; files too.</param>
    /// <param name="excluded">Keys of mutants that do not compile.</param>
    public static List<Mutant> Run(string source, string tree, IEnumerable<string> folders, IReadOnlySet<string> excluded)
    {
        File.WriteAllText(Path.Combine(tree, "src/Templating.Contract/Mutants.cs"), Switch);
        var mutants = new List<Mutant>();
        foreach (var file in folders.SelectMany(folder => Files(source, folder)).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            var text = CSharpSyntaxTree.ParseText(File.ReadAllText(Path.Combine(source, file)), new CSharpParseOptions(LanguageVersion.Preview));
            var rewriter = new MutantRewriter(file, mutants.Count, excluded);
            File.WriteAllText(Path.Combine(tree, file), rewriter.Visit(text.GetRoot())!.ToFullString());
            mutants.AddRange(rewriter.Mutants);
        }

        return mutants;
    }

    /// <summary>Mutants that stand in the lines a compiler complains of.</summary>
    public static IEnumerable<Mutant> AtErrors(string log, string tree, IReadOnlyList<Mutant> mutants)
    {
        var errors = log.Split('\n').Where(l => l.Contains("error CS", StringComparison.Ordinal)).Select(l => l.Split('(')).Where(p => p.Length > 1)
            .Select(p => (File: Path.GetRelativePath(tree, p[0].Trim()), Line: int.Parse(p[1].Split(',')[0], System.Globalization.CultureInfo.InvariantCulture))).Distinct();
        foreach (var (file, line) in errors)
        {
            // An expression of several lines has its switch in the first.
            var lines = File.ReadAllLines(Path.Combine(tree, file));
            var at = line - 1;
            while (at > 0 && !lines[at].Contains("Mutants.Is(", StringComparison.Ordinal))
            {
                at--;
            }

            foreach (var mutant in mutants.Where(m => lines[at].Contains($"Mutants.Is({m.Id})", StringComparison.Ordinal)))
            {
                yield return mutant;
            }
        }
    }

    private static IEnumerable<string> Files(string source, string folder)
    {
        var path = Path.Combine(source, folder);
        var files = File.Exists(path) ? [path] : Directory.EnumerateFiles(path, "*.cs", SearchOption.AllDirectories);
        return files.Select(f => Path.GetRelativePath(source, f)).Where(f => !f.EndsWith("Log.cs", StringComparison.Ordinal));
    }
}
