using Templating.V1;

namespace Templating.Benchmarks;

/// <summary>Everything that is measured by turns with what it is compared to, and the figures of isolation, sandboxes and starts.</summary>
internal static class SideBySide
{
    private const double MiB = 1 << 20;

    public static async Task<MachineInfo> RunAsync(BenchmarkOptions options, Folders folders, Samples samples, CancellationToken cancellationToken)
    {
        samples.Add("daemon.executable_mib", new FileInfo(options.Executable).Length / MiB);
        MachineInfo machine;
        await using (var daemon = await Daemon.StartAsync(options.Executable, folders, cancellationToken))
        {
            machine = MachineInfo.Read(await daemon.Client.Node.GetNodeAsync(new GetNodeRequest(), cancellationToken: cancellationToken));
            Benchmark.Say("Building the template");
            var template = await GuestTemplate.CreateAsync(daemon, options.GuestFolder, sandbox: false, folders, cancellationToken);
            await using (var bare = new BareDriver(options.Driver, folders))
            {
                await ClonesAsync(daemon, bare, template, options, folders, samples, cancellationToken);
            }

            Benchmark.Say($"{options.StormClones} clones that idle");
            await new IdleFigures(daemon, template, samples).RunAsync(options.StormClones, options.Windows, cancellationToken);
            Benchmark.Say($"{options.Clones} clones at once");
            await new MemoryFigures(daemon, template, folders, samples).RunAsync(options.Clones, cancellationToken);
            Benchmark.Say($"{options.Rounds} rounds of sandboxes, then {options.Clones} that read one image");
            await SandboxesAsync(daemon, options, folders, samples, cancellationToken);
        }

        // Last, so that each start finds a store with a template in it.
        Benchmark.Say($"{options.Starts} starts of the daemon");
        for (var i = 0; i < options.Starts; i++)
        {
            await using var daemon = await Daemon.StartAsync(options.Executable, folders, cancellationToken);
            samples.Add("daemon.start", daemon.UntilServing.TotalMilliseconds);
        }

        return machine;
    }

    private static async Task ClonesAsync(
        Daemon daemon, BareDriver bare, GuestTemplate template, BenchmarkOptions options, Folders folders, Samples samples, CancellationToken cancellationToken)
    {
        var clone = await new Clones(daemon, template).CreateAsync(WaitFor.Ready, cancellationToken);
        var command = CommandLine.Of(clone.Pid);
        await daemon.DeleteClonesAsync(cancellationToken);
        var kata = new KataGuest(template.Boot, options.GuestFolder, template.Template);
        await bare.BuildKataAsync(kata, cancellationToken);
        var rounds = new CloneRounds(daemon, bare, template, command, kata, folders, samples);
        await rounds.WarmUpAsync(cancellationToken);
        await using var blanks = await BlankRounds.StartAsync(options, cancellationToken);
        var pools = new PoolRounds(daemon, template, samples);
        // Unrecorded, as everywhere.
        await new PoolRounds(daemon, template, new Samples()).RunAsync(cancellationToken);
        await blanks.RunAsync(new Samples(), cancellationToken);
        Benchmark.Say($"{options.Rounds} rounds of clones, cold and from VMs that wait, beside bare QEMU and Kata's way, {options.Boots} boots");
        for (var i = 0; i < Math.Max(options.Rounds, options.Boots); i++)
        {
            if (i < options.Boots)
            {
                await rounds.BootAsync(cancellationToken);
            }

            if (i < options.Rounds)
            {
                await rounds.RunAsync(i, cancellationToken);
                await pools.RunAsync(cancellationToken);
                await blanks.RunAsync(samples, cancellationToken);
            }
        }

        Benchmark.Say($"{options.Rounds} rounds with the page cache lost");
        for (var i = 0; i < options.Rounds; i++)
        {
            await rounds.RunLostAsync(i, cancellationToken);
        }

        // All that was lost is there again.
        await rounds.WarmUpAsync(cancellationToken);
        Benchmark.Say($"{options.Storms} storms of {options.StormClones} clones");
        await StormsAsync(new Storms(daemon, bare, template, command, folders, samples), options, cancellationToken);
        Benchmark.Say($"{options.Memories} times the memory of {options.MemoryClones} clones");
        var memory = new SharedMemory(daemon, bare, template, command, folders, samples);
        for (var i = 0; i < options.Memories; i++)
        {
            await memory.RunAsync(i, options.MemoryClones, cancellationToken);
        }
    }

    private static async Task StormsAsync(Storms storms, BenchmarkOptions options, CancellationToken cancellationToken)
    {
        for (var i = 0; i < options.Storms; i++)
        {
            await storms.RunAsync(i, options.StormClones, Storms.AtOnce, cancellationToken);
            foreach (var level in Storms.Levels.Where(level => level != Storms.AtOnce && i % 10 == 0))
            {
                await storms.RunAsync(i / 10, options.StormClones, level, cancellationToken);
            }
        }
    }

    private static async Task SandboxesAsync(
        Daemon daemon, BenchmarkOptions options, Folders folders, Samples samples, CancellationToken cancellationToken)
    {
        var template = await GuestTemplate.CreateAsync(daemon, options.GuestFolder, sandbox: true, folders, cancellationToken);
        var image = await ContainerImage.PublishAsync(daemon, options.GuestFolder, folders, samples, cancellationToken);
        await using var network = await PodNamespace.CreateAsync(cancellationToken);
        // Unrecorded: loads files into the page cache and compiles this program's own code.
        await new SandboxRounds(daemon, template, image, network, new Samples()).RunAsync(0, cancellationToken);
        var rounds = new SandboxRounds(daemon, template, image, network, samples);
        for (var i = 0; i < options.Rounds; i++)
        {
            await rounds.RunAsync(i, cancellationToken);
        }

        await new SandboxMemory(daemon, image, rounds, samples).RunAsync(options.Clones, cancellationToken);
    }
}
