namespace Templating.Kubectl.Load.Recipes;

/// <summary>Recipes that come with the plugin, to run and to start from.</summary>
internal static class BuiltInRecipes
{
    private const string Prefix = "recipes/";

    public static IReadOnlyList<string> Names =>
    [
        .. typeof(BuiltInRecipes).Assembly.GetManifestResourceNames().Where(name => name.StartsWith(Prefix, StringComparison.Ordinal))
            .Select(name => name[Prefix.Length..^".yaml".Length]).Order(StringComparer.Ordinal),
    ];

    /// <returns>Its YAML; null where there is none of that name.</returns>
    public static string? Find(string name)
    {
        using var stream = typeof(BuiltInRecipes).Assembly.GetManifestResourceStream($"{Prefix}{name}.yaml");
        if (stream is null)
        {
            return null;
        }

        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
