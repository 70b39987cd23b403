namespace Templating.Benchmarks;

/// <summary>All of them (docs/benchmarks.md); a run has those of whose samples it has both.</summary>
internal static class Comparisons
{
    private const string Bare = "bare QEMU";

    public static IReadOnlyList<Comparison> All { get; } =
    [
        new("Clone from restored to running, over bare cont", "pool.restored.running", "clone", "bare.running.phase.resume", "bare cont", "ms", 4, Limit99: 15),
        new("Clone from prepared to running, over bare restore and cont", "pool.prepared.running", "clone", "bare.restored", "bare restore and cont", "ms", 1.5),
        new("Clone from a blank VM to running, over bare QEMU", "blank.running", "clone", "bare.running", Bare, "ms", 0.65),
        new("Clone from restored to first HTTP answer, over a cold boot to the same", "pool.restored.http", "clone", "boot.http", "cold boot", "ms", 0.03),
        new("Cold clone to running, over bare QEMU", "clone.running", "cold clone", "bare.running", Bare, "ms", 1.08),
        new("Cold clone to running, over Kata's way", "clone.running", "cold clone", "kata.running", "Kata's way", "ms", 0.6),
        new("Clone to first HTTP answer, over a cold boot to the same", "clone.http", "cold clone", "boot.http", "cold boot", "ms", 1.0 / 15),
        new("Clone to ready where the page cache has lost its template, over bare QEMU", "clone.lost.ready", "clone", "bare.lost.ready", Bare, "ms", 0.8),
        new("A storm of clones, 8 at a time, over bare QEMU",
            Storms.Name("clone", Storms.AtOnce, "total"), "clones", Storms.Name("bare", Storms.AtOnce, "total"), Bare, "ms", 1.05),
        new("Memory of idle clones, over as many without sharing",
            "shared.clone.all_mib", "clones", "shared.unshared.all_mib", "without sharing", "MiB", 0.35),
        new("Private memory of a clone, over bare QEMU's of the same template",
            "shared.clone.private_mib", "clone", "shared.bare.private_mib", Bare, "MiB", 1.0),
    ];
}
