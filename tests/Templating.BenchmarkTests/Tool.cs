using Templating.Testing.Nodes;

namespace Templating.BenchmarkTests;

/// <summary>A program, until it has ended.</summary>
internal static class Tool
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    /// <returns>Its standard output.</returns>
    public static async Task<string> RunAsync(string path, params IEnumerable<string> arguments)
    {
        using var limit = new CancellationTokenSource(Limit);
        using var process = new ChildProcess(path, arguments, environment: null, redirect: true);
        process.Input.Close();
        var (said, complained) = (process.Output.ReadToEndAsync(limit.Token), process.Error.ReadToEndAsync(limit.Token));
        var code = await process.WaitExitAsync(limit.Token);
        code.ShouldBe(0, $"{path}: {await complained}");
        return await said;
    }
}
