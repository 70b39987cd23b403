using System.Text;

namespace Templating.Core.Errors;

/// <summary>How codes are spelled wherever programs read them: in ErrorInfo, in metrics, in traces.</summary>
public static class ErrorReasons
{
    private static readonly Dictionary<string, ErrorCode> Codes =
        Enum.GetValues<ErrorCode>().ToDictionary(code => Of(code), StringComparer.Ordinal);

    /// <summary>The code that is spelled so; null where none is.</summary>
    public static ErrorCode? Find(string reason) => Codes.TryGetValue(reason, out var code) ? code : null;

    /// <summary>UPPER_SNAKE_CASE: <c>QMP_FAILED</c>; of a gRPC status, as gRPC's documents have it.</summary>
    public static string Of(Enum code)
    {
        var reason = new StringBuilder();
        foreach (var c in code.ToString())
        {
            if (char.IsAsciiLetterUpper(c) && reason.Length > 0)
            {
                reason.Append('_');
            }

            reason.Append(char.ToUpperInvariant(c));
        }

        return reason.ToString();
    }
}
