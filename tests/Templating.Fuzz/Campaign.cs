using System.Diagnostics;
using System.Security.Cryptography;
using Templating.Testing;

namespace Templating.Fuzz;

/// <summary>One target for some time: its corpus first, then what is made of it; what reaches something new is kept and gone on from.</summary>
internal sealed class Campaign(Target target, string corpus, string findings, Coverage coverage, long seed)
{
    /// <summary>No parser of 64 KiB may take so long; the machine may be busy.</summary>
    private static readonly TimeSpan Slow = TimeSpan.FromSeconds(5);

    private readonly List<byte[]> _inputs = [];
    private readonly Dice _dice = new(seed);

    public int Runs { get; private set; }

    public int Inputs => _inputs.Count;

    /// <summary>What went wrong; empty where nothing did.</summary>
    public List<string> Problems { get; } = [];

    /// <summary>Whether what it runs was rewritten, so that its branches are counted.</summary>
    public bool IsGuided => coverage.Reached > 0;

    public async Task RunAsync(TimeSpan duration)
    {
        var start = Stopwatch.GetTimestamp();
        foreach (var file in Directory.EnumerateFiles(corpus).Order(StringComparer.Ordinal))
        {
            var bytes = await File.ReadAllBytesAsync(file);
            await TryAsync(bytes);
            _inputs.Add(bytes);
        }

        var mutator = new Mutator(_dice);
        while (Problems.Count == 0 && Stopwatch.GetElapsedTime(start) < duration)
        {
            // What was found last leads on.
            var from = _dice.Next(2) == 0 ? _dice.Of(_inputs) : _inputs[^_dice.Next(1, Math.Min(_inputs.Count, 8) + 1)];
            var bytes = mutator.Mutate(from, _inputs);
            if (await TryAsync(bytes))
            {
                _inputs.Add(bytes);
            }
        }
    }

    /// <returns>Whether it reached something new.</returns>
    private async Task<bool> TryAsync(byte[] bytes)
    {
        Runs++;
        coverage.Clear();
        var start = Stopwatch.GetTimestamp();
        try
        {
            await target.RunAsync(bytes);
        }
        catch (Exception e)
        {
            Report(bytes, e.ToString());
            return false;
        }

        if (Stopwatch.GetElapsedTime(start) is var took && took > Slow)
        {
            Report(bytes, $"It took {took.TotalSeconds:0.0} s.");
        }

        return coverage.Keep();
    }

    private void Report(byte[] bytes, string problem)
    {
        Directory.CreateDirectory(findings);
        var path = Path.Combine(findings, $"{target.Name}-{Convert.ToHexStringLower(SHA256.HashData(bytes))[..12]}");
        File.WriteAllBytes(path, bytes);
        Problems.Add($"{path}: {problem}");
    }
}
