using Templating.Contract;

namespace Templating.Kubectl.Load.Recipes;

/// <summary>A recipe that cannot be run; all that is wrong with it is told together.</summary>
internal sealed class RecipeException(string message, IReadOnlyList<FieldViolation> faults, Exception? inner = null) : Exception(message, inner)
{
    public IReadOnlyList<FieldViolation> Faults { get; } = faults;
}
