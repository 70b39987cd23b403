using Templating.Contract;

namespace Templating.Kubectl.Load.Recipes;

/// <summary>A recipe by the name that somebody gave: a file, or one that comes with the plugin.</summary>
internal static class RecipeFile
{
    /// <exception cref="RecipeException">It is not there, or cannot be run.</exception>
    public static Recipe Read(string name)
    {
        if (BuiltInRecipes.Find(name) is { } text && !File.Exists(name))
        {
            return RecipeReader.Parse(name, text);
        }

        if (Directory.Exists(name))
        {
            throw new RecipeException($"{name} is a folder. Give a file, or one of {string.Join(", ", BuiltInRecipes.Names)}.", []);
        }

        try
        {
            return RecipeReader.Parse(name, WrittenText.ReadFile(name, RecipeLimits.MaxBytes));
        }
        catch (Exception e) when (e is FormatException or IOException or UnauthorizedAccessException)
        {
            throw new RecipeException($"{name}: {e.Message} Give a file, or one of {string.Join(", ", BuiltInRecipes.Names)}.", [], e);
        }
    }
}
