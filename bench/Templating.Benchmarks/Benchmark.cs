using Spectre.Console;
using Templating.Api.Client;
using Templating.Benchmarks.Page;
using Templating.V1;

namespace Templating.Benchmarks;

/// <summary>A run, from its options to its table, its samples and its page.</summary>
internal static class Benchmark
{
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

    public static void Say(string what) => Console.Error.WriteLine(what);

    /// <returns>Whether every target was met.</returns>
    private static async Task<bool> MeasureAsync(BenchmarkOptions options, CancellationToken cancellationToken)
    {
        var taken = TimeProvider.System.GetUtcNow();
        using var folders = new Folders();
        var samples = new Samples();
        var (machine, targets) = options.DensityPercent is { } percent
            ? (await DensityAsync(options, percent, folders, samples, cancellationToken), Density.Targets(samples))
            : (await SideBySide.RunAsync(options, folders, samples, cancellationToken), Targets.Of(samples));
        var result = new Result(machine, taken, MachineInfo.Load(), samples, targets);
        if (Console.IsOutputRedirected)
        {
            // A file has no width; the usual guess of 80 would break the columns.
            AnsiConsole.Profile.Width = 160;
        }

        Report.Print(AnsiConsole.Console, result);
        await RawFile.WriteAsync(options.Output, result, cancellationToken);
        Say($"All samples: {options.Output}");
        var page = Path.ChangeExtension(options.Output, "html");
        await File.WriteAllTextAsync(page, ResultPage.Html(result), cancellationToken);
        Say($"Page: {page}");
        return targets.All(t => t.Met);
    }

    private static async Task<MachineInfo> DensityAsync(
        BenchmarkOptions options, int percent, Folders folders, Samples samples, CancellationToken cancellationToken)
    {
        await using var daemon = await Daemon.StartAsync(options.Executable, folders, cancellationToken);
        var machine = MachineInfo.Read(await daemon.Client.Node.GetNodeAsync(new GetNodeRequest(), cancellationToken: cancellationToken));
        Say("Building the template");
        var template = await GuestTemplate.CreateAsync(daemon, options.GuestFolder, sandbox: false, folders, cancellationToken);
        Say($"Clones, one after another, in {percent} % of the memory");
        await new Density(daemon, template, folders, samples).RunAsync(percent, cancellationToken);
        return machine;
    }
}
