using System.ComponentModel.DataAnnotations;
using Templating.Contract;

namespace Templating.Node.Options;

/// <summary>Bounds of a duration, in seconds. (RangeAttribute parses its bounds by reflection, which trimming forbids.)</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class DurationAttribute(int least, int most) : ValidationAttribute
{
    public int Least { get; } = least;

    public int Most { get; } = most;

    protected override ValidationResult? IsValid(object? value, ValidationContext validationContext) =>
        value is TimeSpan duration && duration >= TimeSpan.FromSeconds(Least) && duration <= TimeSpan.FromSeconds(Most)
            ? ValidationResult.Success
            : new ValidationResult(
                $"{validationContext.DisplayName}: It must be from {Text(Least)} to {Text(Most)}.");

    private static string Text(int seconds) => seconds == 0 ? "0s" : DurationText.Format(TimeSpan.FromSeconds(seconds));
}
