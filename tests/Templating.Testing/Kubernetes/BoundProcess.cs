using Templating.Testing.Nodes;

namespace Templating.Testing.Kubernetes;

/// <summary>
/// A program that cannot outlive the tests, however these end: a shell beside it waits for the pipe to the tests to close,
/// and then kills it.
/// </summary>
public sealed class BoundProcess : IDisposable
{
    // The program's number goes out first, so that a test can send signals to it.
    private const string Script = """log=$1; shift; "$@" > "$log" 2>&1 < /dev/null & p=$!; echo $p; read -r x; kill -KILL $p; wait $p""";

    private readonly ChildProcess _shell;

    public BoundProcess(string path, IEnumerable<string> arguments, string log)
    {
        Log = log;
        _shell = new ChildProcess("/bin/sh", ["-c", Script, "sh", log, path, .. arguments], null, redirect: true);
        Id = int.Parse(_shell.Output.ReadLine()!, System.Globalization.CultureInfo.InvariantCulture);
    }

    public int Id { get; }

    public string Log { get; }

    public bool HasExited => !Directory.Exists($"/proc/{Id}") || File.ReadAllText($"/proc/{Id}/stat").Contains(") Z ", StringComparison.Ordinal);

    /// <summary>The end of what it wrote, for a failure's message.</summary>
    public string LogTail => File.Exists(Log) ? string.Join('\n', File.ReadLines(Log).TakeLast(30)) : "";

    public async Task StopAsync()
    {
        _shell.Input.Close();
        using var limit = new CancellationTokenSource(Soon.Limit);
        await _shell.WaitExitAsync(limit.Token);
    }

    public void Dispose()
    {
        if (!_shell.HasExited)
        {
            _shell.Input.Close();
            using var limit = new CancellationTokenSource(Soon.Limit);
#pragma warning disable VSTHRD002 // Nobody else is awaited here: a process that was just killed.
            _shell.WaitExitAsync(limit.Token).GetAwaiter().GetResult();
#pragma warning restore VSTHRD002
        }

        _shell.Dispose();
    }
}
