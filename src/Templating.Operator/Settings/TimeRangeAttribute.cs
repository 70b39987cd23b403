using System.ComponentModel.DataAnnotations;
using System.Globalization;

namespace Templating.Operator.Settings;

/// <summary>From the least time to the most. The platform's attribute reads the bounds of any type, by reflection.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class TimeRangeAttribute(string least, string most) : ValidationAttribute("The field {0} must be between {1} and {2}.")
{
    private readonly TimeSpan _least = TimeSpan.ParseExact(least, "c", CultureInfo.InvariantCulture);
    private readonly TimeSpan _most = TimeSpan.ParseExact(most, "c", CultureInfo.InvariantCulture);

    public override bool IsValid(object? value) => value is TimeSpan time && time >= _least && time <= _most;

    public override string FormatErrorMessage(string name) => string.Format(CultureInfo.InvariantCulture, ErrorMessageString, name, _least, _most);
}
