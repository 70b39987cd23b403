using Templating.Benchmarks;

namespace Templating.BenchmarkTests;

/// <summary>A small run with samples of everything that the page can show.</summary>
internal static class SampleRun
{
    public const int MemoryClones = 50;

    public static Result Make()
    {
        var samples = new Samples();
        // With a tail, as real ones have it.
        var factors = Enumerable.Range(0, 30).Select(i => 1 + (i * i / 2000.0)).ToArray();
        foreach (var (name, median) in (ReadOnlySpan<(string, double)>)
        [
            ("clone.running", 44), ("bare.running", 38), ("kata.running", 107), ("clone.http", 520), ("boot.http", 9900), ("clone.ready", 300), ("bare.ready", 290),
            ("clone.running.phase.queue", 0.1), ("clone.running.phase.qemu_start", 39), ("clone.running.phase.restore", 3), ("clone.running.phase.resume", 0.7),
            ("bare.running.phase.qemu_start", 34), ("bare.running.phase.restore", 3), ("bare.running.phase.resume", 0.6),
            ("kata.running.phase.qemu_start", 70), ("kata.running.phase.restore", 34), ("kata.running.phase.resume", 3),
            ("clone.ready.phase.qemu_start", 40), ("clone.ready.phase.restore", 3), ("clone.ready.phase.resume", 1), ("clone.ready.phase.identity", 250),
            ("bare.ready.phase.qemu_start", 35), ("bare.ready.phase.restore", 3), ("bare.ready.phase.resume", 1), ("bare.ready.phase.identity", 250),
            ("bare.restored", 3.6), ("pool.restored.running", 2), ("pool.restored.running.phase.take", 1.5), ("pool.restored.running.phase.resume", 0.5), ("pool.restored.http", 280),
            ("pool.prepared.running", 5), ("pool.prepared.running.phase.take", 1), ("pool.prepared.running.phase.restore", 3.2), ("pool.prepared.running.phase.resume", 0.6),
            ("blank.running", 22), ("blank.running.phase.bind", 17), ("blank.running.phase.restore", 3.2), ("blank.running.phase.resume", 0.6), ("idle.daemon_kb_per_waiting", 90),
            ("shared.clone.all_mib", 1400), ("shared.unshared.all_mib", 4900), ("shared.clone.private_mib", 28), ("shared.bare.private_mib", 28.1),
            ("idle.daemon_kb_per_clone", 96), ("idle.cpu_percent", 0.4), ("idle.cpu_percent_per_clone", 0.15), ("daemon.start", 150), ("daemon.resident_mib", 49),
            ("memory.fresh.ram_private_percent", 0.5), ("memory.clone_sees_its_own", 1), ("memory.template_unchanged", 1), ("memory.fresh.image_private_mib", 0),
            ("sandbox.held", 90), ("sandbox.created", 90), ("sandbox.memory.private_growth_mib", 3), ("sandbox.memory.image_private_mib", 0),
            ("density.first", 500), ("density.last", 800), ("density.answers_again", 1), ("density.left", 0),
        ])
        {
            samples.AddAll(name, factors.Select(f => median * f));
        }

        foreach (var level in Storms.Levels)
        {
            samples.AddAll(Storms.Name("clone", level, "per_second"), factors.Select(f => 20 * f * Math.Min(level, 2)));
            samples.AddAll(Storms.Name("bare", level, "per_second"), factors.Select(f => 22 * f * Math.Min(level, 2)));
        }

        samples.AddAll(Storms.Name("clone", Storms.AtOnce, "total"), factors.Select(f => 2600 * f));
        samples.AddAll(Storms.Name("bare", Storms.AtOnce, "total"), factors.Select(f => 2500 * f));
        for (var count = SharedMemory.Step; count <= MemoryClones; count += SharedMemory.Step)
        {
            samples.AddAll(SharedMemory.Name("clone", count), factors.Select(f => 28 * f * count));
            samples.AddAll(SharedMemory.Name("bare", count), factors.Select(f => 28 * f * count));
            samples.AddAll(SharedMemory.Name("unshared", count), factors.Select(f => 98 * f * count));
        }

        // What is compared and has no sample yet: a comparison that is added is on the page by itself.
        foreach (var comparison in Comparisons.All)
        {
            Fill(comparison.Theirs, 100);
            Fill(comparison.Ours, 90 * comparison.Limit);
        }

        for (var i = 1; i <= 300; i++)
        {
            samples.Add("density.http", 500 + i + (i % 7 * 9));
            samples.Add("density.fall_mib", 29 * i);
        }

        return new Result(
            new MachineInfo("A <fast> CPU & more", 2, "6.18", "10.0.2", "TCG", "0.10 0.20 0.30"), new DateTimeOffset(2026, 11, 28, 0, 0, 0, TimeSpan.Zero),
            "1.00 0.50 0.30", samples, [.. Targets.Of(samples), .. Density.Targets(samples)]);

        void Fill(string name, double median)
        {
            if (!samples.Has(name))
            {
                samples.AddAll(name, factors.Select(f => median * f));
            }
        }
    }
}
