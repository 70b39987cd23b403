namespace Templating.Testing.Nodes;

public sealed record ProgramResult(int ExitCode, string Output, string Error);

/// <summary>Other programs, run by the tests as a person would.</summary>
public static class Programs
{
    /// <summary>Runs it to its end; a cancelled run is killed.</summary>
    public static async Task<ProgramResult> RunAsync(
        string path, IEnumerable<string> arguments, CancellationToken cancellationToken,
        IReadOnlyDictionary<string, string>? environment = null, string? input = null)
    {
        using var process = new ChildProcess(path, arguments, environment, redirect: true);
        var output = process.Output.ReadToEndAsync(CancellationToken.None);
        var error = process.Error.ReadToEndAsync(CancellationToken.None);
        await process.Input.WriteAsync((input ?? "").AsMemory(), cancellationToken);
        process.Input.Close();
        var code = await process.WaitExitAsync(cancellationToken);
        return new ProgramResult(code, await output, await error);
    }
}
