namespace Templating.Testing;

/// <summary>The repository that the tests run in.</summary>
public static class Repository
{
    private static readonly Lazy<string> Found = new(Find);

    /// <summary>The folder of Templating.sln.</summary>
    /// <exception cref="DirectoryNotFoundException">The tests do not run within one.</exception>
    public static string Root => Found.Value;

    private static string Find()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Templating.sln")))
        {
            folder = folder.Parent ?? throw new DirectoryNotFoundException($"{AppContext.BaseDirectory} is not within the repository.");
        }

        return folder.FullName;
    }
}
