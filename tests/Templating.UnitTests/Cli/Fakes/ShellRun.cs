using Templating.Testing.Nodes;

namespace Templating.UnitTests.Cli.Fakes;

/// <summary>The real executable in a line of bash: what a descriptor, a pipe or a terminal is, only a process of its own can tell.</summary>
internal static class ShellRun
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    /// <param name="node">The daemon to speak to; null for none.</param>
    /// <param name="script">$B is the executable.</param>
    public static Task<ProgramResult> OfAsync(FakeNode? node, string script) => OfAsync(node, script, []);

    public static async Task<ProgramResult> OfAsync(FakeNode? node, string script, Dictionary<string, string> environment)
    {
        using var limit = new CancellationTokenSource(Limit, TimeProvider.System);
        return await Programs.RunAsync("/bin/bash", ["-c", script], limit.Token, new Dictionary<string, string>(environment, StringComparer.Ordinal)
        {
            ["B"] = NodeExecutable.Path,
            ["TEMPLATING_ADDRESS"] = node?.Address ?? "unix:///nonexistent/templating.sock",
        });
    }
}
