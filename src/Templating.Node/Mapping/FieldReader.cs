using Google.Protobuf.Collections;
using Google.Protobuf.WellKnownTypes;
using Templating.Api.Wire;
using Templating.Contract;
using Templating.Core.Machines;

namespace Templating.Node.Mapping;

/// <summary>Reads the kinds of fields that several requests have.</summary>
internal static class FieldReader
{
    public static Guid? RequestId(string text, Faults faults)
    {
        if (text.Length == 0)
        {
            return null;
        }

        if (Guid.TryParseExact(text, "D", out var id) && id != Guid.Empty)
        {
            return id;
        }

        faults.Add("request_id", $"{Quote.Text(text)} is not a UUID such as 0b86cc9f-2a6b-4d3c-9a5e-3d0a4c1e7f21.");
        return null;
    }

    /// <summary>Null when unset. A faulty one is reported and null.</summary>
    public static TimeSpan? Duration(string field, Duration? duration, TimeSpan least, TimeSpan most, Faults faults)
    {
        if (duration is null)
        {
            return null;
        }

        if (duration.ToTimeSpanOrNull() is { } value && value >= least && value <= most)
        {
            return value;
        }

        faults.Add(field, $"It is not between {Show(least)} and {Show(most)}.");
        return null;
    }

    /// <summary>Null when unset. A faulty one is reported and null.</summary>
    public static DateTimeOffset? FutureTime(string field, Timestamp? timestamp, DateTimeOffset now, TimeSpan most, Faults faults)
    {
        if (timestamp is null)
        {
            return null;
        }

        if (timestamp.ToTimeOrNull() is { } value && value > now && value - now <= most)
        {
            return value;
        }

        faults.Add(field, $"It is not in the future by at most {Show(most)}; the node's clock says {now:yyyy-MM-ddTHH:mm:ssZ}.");
        return null;
    }

    public static int PageSize(int size, Faults faults)
    {
        faults.Require(size is >= 0 and <= 1000, "page_size", $"{size} is not between 0, which means 100, and 1000.");
        return size == 0 ? 100 : size;
    }

    public static TimeSpan IdentityTimeout(string field, Duration? duration, Faults faults) =>
        Duration(field, duration, Timeouts.Least, Timeouts.MostIdentity, faults) ?? Timeouts.Identity;

    public static Dictionary<string, string> Environment(string field, MapField<string, string> map, Faults faults)
    {
        faults.AddRange(EnvironmentRules.Check(field, map));
        return new Dictionary<string, string>(map, StringComparer.Ordinal);
    }

    public static IReadOnlyList<InjectedFile> Files(string field, RepeatedField<V1.GuestFile> wire, Faults faults)
    {
        // A mode beyond an int's range must stay beyond the range that is allowed.
        var files = wire.Select(f => new InjectedFile(
            f.Path, f.Content.Memory, f.HasMode ? (int)Math.Min(f.Mode, int.MaxValue) : GuestFileRules.DefaultMode)).ToList();
        faults.AddRange(GuestFileRules.Check(field, [.. files.Select(f => (f.Path, (long)f.Content.Length, f.Mode))]));
        return files;
    }

    /// <summary>As wide as Kubernetes' labels, so that an operator can pass its own on.</summary>
    public static Dictionary<string, string> LabelMap(string field, MapField<string, string> map, Faults faults)
    {
        faults.Require(map.Count <= 64, field, $"It has {map.Count} entries; at most 64 are allowed.");
        foreach (var (key, value) in map)
        {
            faults.Require(IsLabelKey(key), field, $"{Quote.Text(key)} is not a key: use 1 to 317 of A-Z, a-z, 0-9, '.', '_', '-' and '/'.");
            faults.Require(value.Length <= 256 && !value.Any(char.IsControl), $"{field}[{Quote.Text(key)}]", "It must have at most 256 characters and no control characters.");
        }

        return new Dictionary<string, string>(map, StringComparer.Ordinal);
    }

    private static bool IsLabelKey(string key) =>
        key.Length is > 0 and <= 317 && key.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-' or '/');

    private static string Show(TimeSpan time) => time == TimeSpan.Zero ? "0" : time.TotalHours >= 1 ? $"{time.TotalHours:0.###} h"
        : time.TotalMinutes >= 1 ? $"{time.TotalMinutes:0.###} min" : $"{time.TotalSeconds:0.###} s";
}
