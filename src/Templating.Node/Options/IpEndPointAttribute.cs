using System.ComponentModel.DataAnnotations;
using System.Net;

namespace Templating.Node.Options;

/// <summary>An IP address and a port, <c>127.0.0.1:9464</c> or <c>[::1]:9464</c>. Null is valid. No names: they resolve late.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class IpEndPointAttribute : ValidationAttribute
{
    public static IPEndPoint? Parse(string? text) =>
        text is not null && text.Contains(':') && IPEndPoint.TryParse(text, out var endPoint) && HasPort(text, endPoint) ? endPoint : null;

    protected override ValidationResult? IsValid(object? value, ValidationContext validationContext) =>
        value is null or "" || Parse((string)value) is not null
            ? ValidationResult.Success
            : new ValidationResult($"{validationContext.DisplayName}: '{value}' is not an IP address and a port such as 127.0.0.1:9464.");

    // "::1" parses as an address with port 0; an address that means a port says so.
    private static bool HasPort(string text, IPEndPoint endPoint) =>
        text.EndsWith($":{endPoint.Port}", StringComparison.Ordinal)
        && (endPoint.AddressFamily != System.Net.Sockets.AddressFamily.InterNetworkV6 || text.Contains("]:"));
}
