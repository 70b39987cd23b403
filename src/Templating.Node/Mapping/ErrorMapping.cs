using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Templating.Contract;
using Templating.Core.Errors;

namespace Templating.Node.Mapping;

/// <summary>Makes a google.rpc.Status of a failure: ErrorInfo always, RetryInfo where a retry may help, BadRequest where fields are wrong.</summary>
internal static class ErrorMapping
{
    // The status travels in trailers, message twice and details in base64, and gRPC's C core lets a peer send 8 KiB of
    // them (GRPC_ARG_MAX_METADATA_SIZE): 1 + 4/3 (1 + 4) KiB stay below. The message's KiB is that of its percent-encoding,
    // in which every character that is not ASCII takes up to nine bytes.
    private const int MaxMessage = 1024;
    private const int EncodedCharacter = 9;
    private const int MaxViolationBytes = 4096;
    private const int MaxDescription = 256;

    /// <summary>Where nobody knows better: long enough for whatever it was to have passed, too short for a person to notice.</summary>
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    public static Status ToStatus(TemplatingException failure)
    {
        var rule = ErrorTable.Of(failure.Code);
        var status = new Status { Code = (int)rule.Status, Message = CutEncoded(failure.Message, MaxMessage) };
        var info = new ErrorInfo { Domain = ErrorTable.Domain, Reason = ErrorReasons.Of(failure.Code) };
        foreach (var (key, value) in failure.Details)
        {
            info.Metadata[key] = Cut(value, MaxDescription);
        }

        status.Details.Add(Any.Pack(info));
        if (failure.Violations.Count > 0)
        {
            status.Details.Add(Any.Pack(ToBadRequest(failure.Violations)));
        }

        if (rule.Retryable)
        {
            status.Details.Add(Any.Pack(new RetryInfo { RetryDelay = Duration.FromTimeSpan(failure.RetryAfter ?? RetryAfter) }));
        }

        return status;
    }

    /// <summary>A fault of ours: the caller gets the number under which the log has the rest, and nothing else.</summary>
    public static Status ToInternal(string correlationId) => ToStatus(new TemplatingException(
        ErrorCode.Internal, $"The node failed. Its log has the reason under the correlation id {correlationId}.")
    {
        Details = new Dictionary<string, string>(StringComparer.Ordinal) { ["correlation_id"] = correlationId },
    });

    private static BadRequest ToBadRequest(IReadOnlyList<FieldViolation> violations)
    {
        var bad = new BadRequest();
        foreach (var (index, violation) in violations.Index())
        {
            var told = new BadRequest.Types.FieldViolation
            {
                Field = Cut(violation.Field, MaxDescription),
                Description = Cut(violation.Description, MaxDescription),
            };
            if (bad.CalculateSize() + told.CalculateSize() > MaxViolationBytes)
            {
                told.Field = "...";
                told.Description = $"{violations.Count - index} more faults are not listed.";
                bad.FieldViolations.Add(told);
                break;
            }

            bad.FieldViolations.Add(told);
        }

        return bad;
    }

    private static string CutEncoded(string text, int length)
    {
        var (fits, encoded) = (0, 0);
        for (var i = 0; i < text.Length; i++)
        {
            encoded += text[i] is >= ' ' and < '\x7f' and not '%' ? 1 : EncodedCharacter;
            if (encoded > length)
            {
                return Begin(text, fits) + "...";
            }

            fits = encoded <= length - 3 ? i + 1 : fits;
        }

        return text;
    }

    private static string Cut(string text, int length) => text.Length <= length ? text : Begin(text, length - 3) + "...";

    /// <summary>Half a surrogate pair is no text.</summary>
    private static string Begin(string text, int length) => text[..(length > 0 && char.IsHighSurrogate(text[length - 1]) ? length - 1 : length)];
}
