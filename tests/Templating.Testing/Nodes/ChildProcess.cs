#pragma warning disable RS0030 // The ban is on src, whose QEMUs must outlive it; what a test starts must not.
using System.Diagnostics;

namespace Templating.Testing.Nodes;

/// <summary>A program that a test started.</summary>
public sealed class ChildProcess : IDisposable
{
    private readonly Process _process;

    /// <summary>Variables of ours that the tests themselves were started with do not reach the program.</summary>
    public ChildProcess(string path, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment, bool redirect)
    {
        var info = new ProcessStartInfo(path, arguments)
        {
            RedirectStandardInput = redirect,
            RedirectStandardOutput = redirect,
            RedirectStandardError = redirect,
        };
        foreach (var name in info.Environment.Keys.Where(IsOurs).ToList())
        {
            info.Environment.Remove(name);
        }

        foreach (var (name, value) in environment ?? new Dictionary<string, string>(StringComparer.Ordinal))
        {
            info.Environment[name] = value;
        }

        _process = Process.Start(info) ?? throw new InvalidOperationException($"'{path}' did not start.");
    }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    public StreamWriter Input => _process.StandardInput;

    public StreamReader Output => _process.StandardOutput;

    public StreamReader Error => _process.StandardError;

    /// <returns>Its exit code; 128 and the signal where one ended it.</returns>
    public async Task<int> WaitExitAsync(CancellationToken cancellationToken)
    {
        await _process.WaitForExitAsync(cancellationToken);
        return _process.ExitCode;
    }

    /// <summary>Ends it if it still runs.</summary>
    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.Dispose();
    }

    private static bool IsOurs(string variable) =>
        variable.StartsWith("TEMPLATING_", StringComparison.Ordinal) || variable.StartsWith("OTEL_", StringComparison.Ordinal);
}
