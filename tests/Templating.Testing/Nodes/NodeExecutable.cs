namespace Templating.Testing.Nodes;

/// <summary>The executable under test: the published one that TEMPLATING_EXE names, else the one built beside the tests.</summary>
public static class NodeExecutable
{
    public static string Path { get; } = Locate();

    private static string Locate()
    {
        if (Environment.GetEnvironmentVariable("TEMPLATING_EXE") is { Length: > 0 } given)
        {
            return File.Exists(given) ? given : throw new FileNotFoundException($"TEMPLATING_EXE names '{given}', which is not there.");
        }

        // artifacts/bin/PROJECT/CONFIGURATION/
        var configuration = System.IO.Path.GetFileName(AppContext.BaseDirectory.TrimEnd('/'));
        var built = System.IO.Path.GetFullPath(System.IO.Path.Combine(AppContext.BaseDirectory, "../../Templating.Node", configuration, "templating"));
        return File.Exists(built) ? built : throw new FileNotFoundException($"There is no '{built}'. Build the solution, or set TEMPLATING_EXE.");
    }
}
