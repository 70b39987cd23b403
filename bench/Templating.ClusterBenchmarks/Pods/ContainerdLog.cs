using System.Globalization;
using System.Text.RegularExpressions;
using Templating.Benchmarks;

namespace Templating.ClusterBenchmarks.Pods;

/// <summary>
/// The log of a node's containerd, from now on: when the kubelet's calls for a pod began and returned, by containerd's own clock, and what shims say of
/// their steps.
/// </summary>
internal sealed partial class ContainerdLog
{
    public const string Sandbox = "RunPodSandbox";
    public const string Create = "CreateContainer";
    public const string Start = "StartContainer";

    /// <summary>Of one pod's shim: its VM, its container's root, its container's start.</summary>
    private const int Parts = 3;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly string _path;
    private readonly Dictionary<string, PodStart> _pods = new(StringComparer.Ordinal);
    private readonly Dictionary<string, PodStart> _byId = new(StringComparer.Ordinal);

    /// <summary>By the id of a sandbox or container, which containerd tells later than its shim does.</summary>
    private readonly Dictionary<string, List<ShimStep>> _steps = new(StringComparer.Ordinal);
    private long _read;

    public ContainerdLog(string path) => (_path, _read) = (path, new FileInfo(path).Length);

    /// <summary>Of a pod with one container that runs.</summary>
    /// <param name="pod">Its name.</param>
    /// <param name="withSteps">Whether a shim of ours tells its steps.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async Task<PodStart> FindAsync(string pod, bool withSteps, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Limit);
        while (true)
        {
            await ReadAsync(limit.Token);
            if (_pods.TryGetValue(pod, out var start) && start.Has(Start))
            {
                start.Steps = [.. _byId.Where(p => p.Value == start).SelectMany(p => _steps.GetValueOrDefault(p.Key, []))];
                if (!withSteps || start.Steps.Select(s => s.Part).Distinct(StringComparer.Ordinal).Count() == Parts)
                {
                    return start;
                }
            }

            try
            {
                await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, limit.Token);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                throw new BenchmarkException($"{_path} does not tell of the start of pod {pod}: is it containerd's, at level info, and the shim of this version?");
            }
        }
    }

    private async Task ReadAsync(CancellationToken cancellationToken)
    {
        await using var file = new FileStream(_path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        file.Position = _read;
        using var reader = new StreamReader(file);
        var text = await reader.ReadToEndAsync(cancellationToken);
        // What has no end yet comes the next time; the log is ASCII.
        var end = text.LastIndexOf('\n') + 1;
        _read += end;
        foreach (var line in text[..end].Split('\n'))
        {
            if (Line().Match(line) is { Success: true } match)
            {
                var at = DateTimeOffset.Parse(match.Groups["time"].ValueSpan, CultureInfo.InvariantCulture);
                Take(at, match.Groups["text"].Value.Replace("\\\"", "\"", StringComparison.Ordinal));
            }
        }
    }

    private void Take(DateTimeOffset at, string text)
    {
        if (SandboxCall().Match(text) is { Success: true } sandbox)
        {
            var name = sandbox.Groups["pod"].Value;
            var pod = _pods.TryGetValue(name, out var known) ? known : _pods[name] = new PodStart();
            pod.Mark(Sandbox, sandbox.Groups["id"].Success, at);
            if (sandbox.Groups["id"] is { Success: true, Value: var id })
            {
                pod.Sandbox = id;
                _byId[id] = pod;
            }
        }
        else if (CreateCall().Match(text) is { Success: true } create && _byId.TryGetValue(create.Groups["sandbox"].Value, out var owner))
        {
            owner.Mark(Create, create.Groups["id"].Success, at);
            if (create.Groups["id"] is { Success: true, Value: var id })
            {
                _byId[id] = owner;
            }
        }
        else if (StartCall().Match(text) is { Success: true } start && _byId.TryGetValue(start.Groups["id"].Value, out var started))
        {
            started.Mark(Start, start.Groups["returned"].Success, at);
        }
        else if (ShimSteps().Match(text) is { Success: true } steps)
        {
            TakeSteps(steps);
        }
    }

    private void TakeSteps(Match match)
    {
        var id = match.Groups["id"].Value;
        if (!_steps.TryGetValue(id, out var steps))
        {
            _steps[id] = steps = [];
        }

        for (var i = 0; i < match.Groups["name"].Captures.Count; i++)
        {
            steps.Add(new ShimStep(match.Groups["part"].Value.ToLowerInvariant(), match.Groups["name"].Captures[i].Value,
                Number(match.Groups["begin"].Captures[i]), Number(match.Groups["end"].Captures[i])));
        }
    }

    private static double Number(Capture text) => double.Parse(text.ValueSpan, CultureInfo.InvariantCulture);

    [GeneratedRegex("""^time="(?<time>[^"]+)" level=info msg="(?<text>.*)"( runtime=[^ ]+)?$""", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Line();

    [GeneratedRegex("""^RunPodSandbox for &PodSandboxMetadata\{Name:(?<pod>[^,]+),[^}]*\}( returns sandbox id "(?<id>\w+)")?$""",
        RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase, matchTimeoutMilliseconds: 1000)]
    private static partial Regex SandboxCall();

    [GeneratedRegex("""^CreateContainer within sandbox "(?<sandbox>\w+)" for [^}]*\}( returns container id "(?<id>\w+)")?$""",
        RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex CreateCall();

    [GeneratedRegex("""^StartContainer for "(?<id>\w+)"(?<returned> returns successfully)?$""", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex StartCall();

    [GeneratedRegex(@"^(?<part>VM|Root|Start) of (?<id>\w+) after [0-9.]+ ms: ((?<name>\w+) (?<begin>[0-9.]+)-(?<end>[0-9.]+)(, )?)+$",
        RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex ShimSteps();
}
