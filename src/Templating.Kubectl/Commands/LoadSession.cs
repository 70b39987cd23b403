using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using k8s.Autorest;
using Spectre.Console;
using Templating.Kubectl.Cluster;
using Templating.Kubectl.Load.Api;
using Templating.Kubectl.Load.Recipes;
using Templating.Kubectl.Load.Reports;
using Templating.Kubectl.Load.Running;
using Templating.Kubectl.Load.Samples;
using Templating.Terminal.Tables;

namespace Templating.Kubectl.Commands;

/// <summary>A load test from its recipe to its exit code: looks before, shows while it runs, writes after.</summary>
internal sealed class LoadSession(PluginHost host, LoadApi api, TimeProvider time)
{
    private static readonly TimeSpan LiveEvery = TimeSpan.FromMilliseconds(500);

    /// <summary>In the place of a folder: reports go to standard output, as from a pod whose files end with it.</summary>
    private const string Standard = "-";

    /// <summary>In a log.</summary>
    private static readonly TimeSpan LineEvery = TimeSpan.FromSeconds(10);

    /// <param name="namespace">Where the recipe names none.</param>
    /// <param name="folder">Null for one named after the run; <see cref="Standard"/> for none.</param>
    /// <param name="operators">The namespace of the operator; null where it is to be found out.</param>
    /// <param name="cancellationToken">Breaks it off.</param>
    public async Task<int> RunAsync(Recipe recipe, string @namespace, string? folder, string? operators, CancellationToken cancellationToken)
    {
        var namespaces = recipe.Namespaces.Count > 0 ? recipe.Namespaces : [@namespace];
        await CheckAsync(recipe, namespaces, cancellationToken);
        var run = NewRun();
        var output = folder ?? $"load-{run}";
        if (output != Standard)
        {
            ReportFiles.Prepare(output);
        }

        await host.Error.WriteLineAsync($"Run {run} of {recipe.Name} in {string.Join(", ", namespaces)}; Ctrl-C ends it, and removes what it made.");

        var ledger = new Ledger(time);
        RunResult result;
        using (var load = new LoadRun(recipe, api, namespaces, run, new OperatorPods(api, operators), ledger, time))
        {
            result = await ShowAsync(load.RunAsync(cancellationToken), ledger);
        }

        return await TellAsync(output, result);
    }

    /// <summary>The table first: it is there whatever becomes of the files.</summary>
    internal async Task<int> TellAsync(string output, RunResult result)
    {
        await host.Out.WriteAsync(ResultTable.Of(result, host.Width()));
        if (output == Standard)
        {
            await host.Out.WriteAsync(ReportFiles.Text(result));
            return CodeOf(result);
        }

        var faults = await ReportFiles.WriteAsync(output, result);
        foreach (var fault in faults)
        {
            await host.Error.WriteLineAsync(PlainText.Of($"error: The reports could not be written: {fault}"));
        }

        if (faults.Count > 0)
        {
            return ExitCode.Failure;
        }

        await host.Error.WriteLineAsync($"Written: {Path.Combine(output, "index.html")}, samples.json, junit.xml");
        return CodeOf(result);
    }

    internal static int CodeOf(RunResult result) =>
        result.Left.Count > 0 || result.Fault is not null ? ExitCode.Failure
        : result.Interrupted ? ExitCode.Interrupted
        : result.IsForNothing ? ExitCode.Failure
        : result.Verdicts.All(v => v.Met) ? ExitCode.Ok : ExitCode.Missed;

    /// <summary>Of a time and a little chance, so that runs sort and do not meet.</summary>
    private string NewRun() =>
        $"{time.GetUtcNow().UtcDateTime.ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture)}-{RandomNumberGenerator.GetHexString(4, lowercase: true)}";

    /// <summary>What is not there is told before anything is made, all of it together.</summary>
    private async Task CheckAsync(Recipe recipe, IReadOnlyList<string> namespaces, CancellationToken cancellationToken)
    {
        var missing = new List<string>();
        foreach (var ns in namespaces)
        {
            if (!await HasNamespaceAsync(ns, cancellationToken))
            {
                missing.Add($"no namespace {ns}");
                continue;
            }

            foreach (var subject in recipe.Subjects.Where(s => !s.IsPod).DistinctBy(s => (s.Pool, s.Template)))
            {
                var (kind, name) = subject.Pool is { } pool ? (LoadKind.Pools, pool) : (LoadKind.Templates, subject.Template!);
                if (!await api.ExistsAsync(kind, ns, name, cancellationToken))
                {
                    missing.Add($"no {kind.Plural}/{name} in namespace {ns}");
                }
            }
        }

        if (missing.Count > 0)
        {
            throw new PluginException(
                $"There is {string.Join(", ", missing)}. Name what is there, with --pool, --template, --namespaces and -n, or in the recipe.");
        }
    }

    private async Task<bool> HasNamespaceAsync(string @namespace, CancellationToken cancellationToken)
    {
        try
        {
            return await api.ExistsAsync(LoadKind.Namespaces, null, @namespace, cancellationToken);
        }
        catch (HttpOperationException e) when (e.Response.StatusCode == HttpStatusCode.Forbidden)
        {
            // Rights in a namespace alone are enough for a run.
            return true;
        }
    }

    private async Task<RunResult> ShowAsync(Task<RunResult> running, Ledger ledger)
    {
        var width = host.ErrorWidth();
        if (width is { } columns and >= Consoles.LeastLive)
        {
            var console = Consoles.Create(host.Error, terminal: true, columns, Environment.GetEnvironmentVariable);
            await console.Live(Line(ledger)).AutoClear(true).StartAsync(live => WhileAsync(running, LiveEvery, () =>
            {
                live.UpdateTarget(Line(ledger));
                return Task.CompletedTask;
            }));
        }
        else
        {
            await WhileAsync(running, LineEvery, () => host.Error.WriteLineAsync(Progress(ledger)));
        }

        return await running;
    }

    private async Task WhileAsync(Task running, TimeSpan every, Func<Task> show)
    {
        using var timer = new PeriodicTimer(every, time);
        while (await Task.WhenAny(running, timer.WaitForNextTickAsync(CancellationToken.None).AsTask()) != running)
        {
            await show();
        }
    }

    private static Text Line(Ledger ledger) => new(Progress(ledger));

    private static string Progress(Ledger ledger) => ProgressText.Of(ledger.Samples, ledger.Now.TotalSeconds);
}
