using Spectre.Console;
using Templating.Api.Client;
using Templating.V1;

namespace Templating.Benchmarks;

/// <summary>The whole run.</summary>
internal static class Benchmark
{
    private const double MiB = 1 << 20;

    /// <returns>The process's exit code: 1 when a target is missed and that is to be an error, 2 when nothing came of it.</returns>
    public static async Task<int> RunAsync(BenchmarkOptions options, CancellationToken cancellationToken)
    {
        try
        {
            return await MeasureAsync(options, cancellationToken) || !options.Check ? 0 : 1;
        }
        catch (OperationCanceledException)
        {
            await Console.Error.WriteLineAsync("Interrupted; nothing was left running.");
            return 2;
        }
        catch (Exception e) when (e is BenchmarkException or TemplatingClientException or IOException)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return 2;
        }
    }

    /// <returns>Whether every target was met.</returns>
    private static async Task<bool> MeasureAsync(BenchmarkOptions options, CancellationToken cancellationToken)
    {
        var taken = TimeProvider.System.GetUtcNow();
        using var folders = new Folders();
        var samples = new Samples();
        samples.Add("daemon.executable_mib", new FileInfo(options.Executable).Length / MiB);
        MachineInfo machine;
        await using (var daemon = await Daemon.StartAsync(options.Executable, folders, cancellationToken))
        {
            machine = MachineInfo.Read(await daemon.Client.Node.GetNodeAsync(new GetNodeRequest(), cancellationToken: cancellationToken));
            Say("Building the template");
            var template = await GuestTemplate.CreateAsync(daemon, options.GuestFolder, sandbox: false, folders, cancellationToken);
            await using var bare = new BareDriver(options.Driver, folders);
            var rounds = new CloneRounds(daemon, bare, template, folders, samples);
            await rounds.WarmUpAsync(cancellationToken);
            Say($"{options.Rounds} rounds of clones beside bare QEMU, {options.Boots} boots");
            for (var i = 0; i < Math.Max(options.Rounds, options.Boots); i++)
            {
                if (i < options.Boots)
                {
                    await rounds.BootAsync(cancellationToken);
                }

                if (i < options.Rounds)
                {
                    await rounds.RunAsync(i, cancellationToken);
                }
            }

            Say($"{options.Clones} clones at once");
            await new MemoryFigures(daemon, template, folders, samples).RunAsync(options.Clones, cancellationToken);
            Say($"{options.Rounds} rounds of sandboxes, then {options.Clones} that read one image");
            await SandboxesAsync(daemon, options, folders, samples, cancellationToken);
        }

        // Last, so that each start finds a store with a template in it.
        Say($"{options.Starts} starts of the daemon");
        for (var i = 0; i < options.Starts; i++)
        {
            await using var daemon = await Daemon.StartAsync(options.Executable, folders, cancellationToken);
            samples.Add("daemon.start", daemon.UntilServing.TotalMilliseconds);
        }

        var targets = Targets.Of(samples);
        if (Console.IsOutputRedirected)
        {
            // A file has no width; the usual guess of 80 would break the columns.
            AnsiConsole.Profile.Width = 160;
        }

        Report.Print(AnsiConsole.Console, machine, samples, targets);
        await RawFile.WriteAsync(options.Output, machine, taken, samples, targets, cancellationToken);
        Say($"All samples: {options.Output}");
        return targets.All(t => t.Met);
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

    private static void Say(string what) => Console.Error.WriteLine(what);
}
