using System.Globalization;
using Google.Protobuf.WellKnownTypes;
using Spectre.Console;
using Templating.Api.Wire;
using Templating.V1;

namespace Templating.Cli.Output;

/// <summary>Parts of messages as short words for tables.</summary>
internal static class Words
{
    public static string Of(CloneState state) => Short(state.ToString(), "Unspecified");

    public static string Of(TemplateState state) => Short(state.ToString(), "Unspecified");

    public static string Of(ImageKind kind) => Short(kind.ToString(), "Unspecified").ToLowerInvariant();

    public static string Of(PoolProblem problem) => Short(problem.ToString(), "Unspecified");

    public static string Of(PoolVmState state) => Short(state.ToString(), "Unspecified");

    public static string Of(PodState state) => Short(state.ToString(), "Unspecified");

    public static string Of(Accelerator accelerator) => Short(accelerator.ToString(), "Unspecified").ToLowerInvariant();

    public static Color? ColourOf(CloneState state) => state switch
    {
        CloneState.Running => Color.Green,
        CloneState.Failed or CloneState.NotAnswering => Color.Red,
        CloneState.Paused or CloneState.Stopped => Color.Yellow,
        _ => null,
    };

    public static Color? ColourOf(TemplateState state) => state switch
    {
        TemplateState.Ready => Color.Green,
        TemplateState.Corrupt => Color.Red,
        TemplateState.Stale => Color.Yellow,
        _ => null,
    };

    /// <summary><c>127.0.0.1:40001-&gt;80</c>, several with commas.</summary>
    public static string Of(NetworkSpec? network) => network is null ? "" : string.Join(
        ',',
        network.Forwards.Select(f =>
        {
            var address = f.HostAddress.Length == 0 ? "127.0.0.1" : f.HostAddress.Contains(':', StringComparison.Ordinal) ? $"[{f.HostAddress}]" : f.HostAddress;
            return $"{address}:{f.HostPort}->{f.GuestPort}";
        }));

    public static string Milliseconds(Duration? duration) =>
        duration.ToTimeSpanOrNull()?.TotalMilliseconds.ToString("0.0", CultureInfo.InvariantCulture) ?? "";

    public static string Pairs(IEnumerable<KeyValuePair<string, string>> pairs) =>
        string.Join(',', pairs.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => $"{p.Key}={p.Value}"));

    public static string ShortRevision(string revision) => revision.Length > 12 ? revision[..12] : revision;

    private static string Short(string word, string unknown) => string.Equals(word, unknown, StringComparison.Ordinal) ? "" : word;
}
