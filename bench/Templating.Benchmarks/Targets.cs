namespace Templating.Benchmarks;

/// <summary>What is promised of this run's figures (docs/benchmarks.md).</summary>
internal static class Targets
{
    public static IReadOnlyList<Target> Of(Samples samples) =>
    [
        .. Comparisons.All.Where(c => c.IsIn(samples)).SelectMany(c => c.Targets(samples)),
        new("Daemon's memory for each clone", 150, AtLeast: false, "kB", samples.Median("idle.daemon_kb_per_clone")),
        new("Daemon's memory for each VM that waits", 150, AtLeast: false, "kB", samples.Median("idle.daemon_kb_per_waiting")),
        new("Daemon's CPU while all clones idle", 1, AtLeast: false, "% of a core", samples.Mean("idle.cpu_percent")),
        new("An idle clone's own CPU", 0.25, AtLeast: false, "% of a core", samples.Mean("idle.cpu_percent_per_clone")),
        new("Daemon start to serving", 200, AtLeast: false, "ms", samples.Median("daemon.start")),
        new("Daemon's memory with all clones, at rest", 50, AtLeast: false, "MiB", samples.Median("daemon.resident_mib")),
        new("A fresh clone's private share of its RAM", 10, AtLeast: false, "%", samples.Median("memory.fresh.ram_private_percent")),
        new("Clones that see their own writes", 100, AtLeast: true, "%", 100 * samples.Mean("memory.clone_sees_its_own")),
        new("Templates unchanged after that", 100, AtLeast: true, "%", 100 * samples.Mean("memory.template_unchanged")),
        new("Sandbox held and running, over a clone of its template", 1.15, AtLeast: false, "x", samples.PairedRatio("sandbox.held", "sandbox.created")),
        new("Memory that a sandbox pays for reading its image", 0.1 * ContainerImage.PayloadMiB, AtLeast: false, "MiB", samples.Median("sandbox.memory.private_growth_mib")),
        new("Plugged image's memory copied by a sandbox", 0, AtLeast: false, "MiB", samples.Percentile("sandbox.memory.image_private_mib", 1)),
        new("Image memory copied by a clone", 0, AtLeast: false, "MiB", samples.Percentile("memory.fresh.image_private_mib", 1)),
    ];
}
