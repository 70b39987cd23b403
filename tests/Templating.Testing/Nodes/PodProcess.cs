using System.Text;
using Templating.Api.Client;
using Templating.Api.Pods;
using Templating.Contract;
using Templating.V1;

namespace Templating.Testing.Nodes;

/// <summary>A <c>templating pod</c> of a test's own, with a folder that looks like its volume.</summary>
public sealed class PodProcess : IDisposable
{
    /// <summary>As the kubelet's downward API tells it.</summary>
    public const string Ip = "10.1.2.3";

    private readonly NodeFolder _folder;
    private readonly ChildProcess _process;
    private readonly StringBuilder _output = new();
    private readonly Task _printing;
    private readonly Task<string> _errors;

    private PodProcess(NodeFolder folder, string volume, IEnumerable<string> arguments)
    {
        _folder = folder;
        Volume = volume;
        File.WriteAllText(LastWordsFile, "");
        _process = new ChildProcess(
            NodeExecutable.Path, ["pod", "--volume", volume, "--run", folder.Run, "--termination-log", LastWordsFile, .. arguments],
            new Dictionary<string, string>(StringComparer.Ordinal) { ["POD_NAME"] = "web-1", ["POD_IP"] = Ip }, redirect: true);
        _printing = GatherAsync();
        _errors = _process.Error.ReadToEndAsync(CancellationToken.None);
        Client = new PodClient(VolumeLayout.SocketPath(volume));
    }

    public string Volume { get; }

    public PodClient Client { get; }

    public int Pid => _process.Id;

    /// <summary>Its QEMU; none before it is started.</summary>
    public IReadOnlyList<int> Machines => [.. VmProcesses.Of(_folder.Run)];

    public string LastWords => File.ReadAllText(LastWordsFile);

    /// <summary>What the guest printed so far.</summary>
    public string Output
    {
        get
        {
            lock (_output)
            {
                return _output.ToString();
            }
        }
    }

    private string LastWordsFile => _folder["last-words"];

    /// <param name="spoil">Does something to the volume before the pod sees it.</param>
    public static async Task<PodProcess> StartAsync(CancellationToken cancellationToken, Action<string>? spoil = null, params string[] arguments)
    {
        var folder = new NodeFolder();
        try
        {
            var volume = await PodVolumes.MakeAsync(folder, cancellationToken);
            spoil?.Invoke(volume);
            return new PodProcess(folder, volume, arguments);
        }
        catch
        {
            folder.Dispose();
            throw;
        }
    }

    /// <summary>In a volume that a daemon published.</summary>
    public static PodProcess StartIn(string volume, params string[] arguments) => new(new NodeFolder(), volume, arguments);

    /// <summary>Waits until it tells that state; fails when it ends before that.</summary>
    public async Task<PodStatus> WaitAsync(PodState state, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                await foreach (var status in Client.WatchAsync(cancellationToken))
                {
                    if (status.State == state)
                    {
                        return status;
                    }

                    if (status.State is PodState.Failed or PodState.Stopped)
                    {
                        throw new InvalidOperationException($"The pod is {status.State}: {status.StateReason}");
                    }
                }
            }
            catch (TemplatingClientException e) when (e.Code == Grpc.Core.StatusCode.Unavailable && !_process.HasExited)
            {
                // It does not listen yet.
                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, cancellationToken);
            }
        }
    }

    /// <summary>A sub-command, as the kubelet runs it in the pod's container.</summary>
    public Task<ProgramResult> RunAsync(string command, CancellationToken cancellationToken, string? input = null, params string[] arguments) =>
        Programs.RunAsync(NodeExecutable.Path, ["pod", command, "--volume", Volume, .. arguments], cancellationToken, input: input);

    public Task<ProgramResult> ShellAsync(string script, CancellationToken cancellationToken) =>
        RunAsync("exec", cancellationToken, input: null, "--", "sh", "-c", script);

    public void Signal(int signal) => Signals.Send(Pid, signal);

    /// <returns>Its exit code and all it said on standard error.</returns>
    public async Task<(int Code, string Errors)> EndAsync(CancellationToken cancellationToken)
    {
        var code = await _process.WaitExitAsync(cancellationToken);
        await _printing.WaitAsync(cancellationToken);
        return (code, await _errors.WaitAsync(cancellationToken));
    }

    public void Dispose()
    {
        _process.Dispose();
        _folder.Dispose();
    }

    private async Task GatherAsync()
    {
        var buffer = new char[4096];
        int count;
        while ((count = await _process.Output.ReadAsync(buffer)) > 0)
        {
            lock (_output)
            {
                _output.Append(buffer, 0, count);
            }
        }
    }
}
