using Templating.Benchmarks;
using Templating.ClusterBenchmarks.Cluster;
using Templating.Kubernetes.Metrics;

namespace Templating.ClusterBenchmarks.Scale;

/// <summary>What the operator and the API server spend on a piece of the run.</summary>
internal sealed class Meter : IAsyncDisposable
{
    private readonly Stage _stage;
    private readonly Sampler _sampler;
    private readonly (MetricsPage Operator, MetricsPage Server) _before;
    private readonly (double Operator, double Server, double Own) _cpu;

    private Meter(Stage stage, (MetricsPage Operator, MetricsPage Server) before)
    {
        (_stage, _before) = (stage, before);
        _cpu = (stage.Operator.Figures.CpuSeconds, stage.Server.CpuSeconds(), Own.CpuSeconds);
        _sampler = new Sampler(stage.Operator);
    }

    private static HostFigures Own { get; } = new(Environment.ProcessId);

    public static async Task<Meter> BeginAsync(Stage stage, CancellationToken cancellationToken) => new(stage, await ReadAsync(stage, cancellationToken));

    /// <param name="samples">What gets the figures.</param>
    /// <param name="name">Of a figure.</param>
    /// <param name="created">VMClones since the beginning: the client's own writes are not counted.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <returns>The operator's writes by kind.</returns>
    public async Task<IReadOnlyDictionary<string, double>> EndAsync(Samples samples, Func<string, string> name, int created, CancellationToken cancellationToken)
    {
        await _sampler.DisposeAsync();
        samples.AddAll(name("queue_depth"), _sampler.QueueDepths);
        samples.AddAll(name("resident_mib"), _sampler.ResidentMiB);
        Add("cpu_s", _stage.Operator.Figures.CpuSeconds - _cpu.Operator);
        Add("api_server_cpu_s", _stage.Server.CpuSeconds() - _cpu.Server);
        Add("simulator_cpu_s", Own.CpuSeconds - _cpu.Own);
        Add("peak_resident_mib", _stage.Operator.Figures.PeakResidentMiB);
        var (own, server) = await ReadAsync(_stage, cancellationToken);
        Add("writes", own.WritesInAll() - _before.Operator.WritesInAll());
        Add("writes_vmclones_by_server", server.WritesOf("vmclones") - _before.Server.WritesOf("vmclones") - created);
        Add("retries", own.Retries() - _before.Operator.Retries());
        Add("conflicts", own.Conflicts() - _before.Operator.Conflicts());
        var known = _before.Operator.WritesByKind();
        return own.WritesByKind().ToDictionary(w => w.Key, w => w.Value - known.GetValueOrDefault(w.Key), StringComparer.Ordinal);

        void Add(string figure, double value) => samples.Add(name(figure), value);
    }

    public ValueTask DisposeAsync() => _sampler.DisposeAsync();

    private static async Task<(MetricsPage Operator, MetricsPage Server)> ReadAsync(Stage stage, CancellationToken cancellationToken) =>
        (await stage.Operator.MetricsAsync(cancellationToken), await ApiServerMetrics.ReadAsync(stage.Client.Api, cancellationToken));
}
