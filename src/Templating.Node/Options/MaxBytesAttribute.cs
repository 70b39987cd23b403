using System.ComponentModel.DataAnnotations;
using System.Text;

namespace Templating.Node.Options;

/// <summary>A text of at most so many bytes in UTF-8, where the kernel counts bytes: a path of 31 characters may have 93. Null is valid.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class MaxBytesAttribute(int most) : ValidationAttribute
{
    public int Most { get; } = most;

    protected override ValidationResult? IsValid(object? value, ValidationContext validationContext) =>
        value is string text && Encoding.UTF8.GetByteCount(text) is var bytes && bytes > Most
            ? new ValidationResult($"{validationContext.DisplayName}: '{text}' has {bytes} bytes, and at most {Most} are allowed; choose a shorter one.")
            : ValidationResult.Success;
}
