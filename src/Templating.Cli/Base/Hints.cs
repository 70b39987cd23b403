using Grpc.Core;
using Templating.Api.Client;
using Templating.Contract;

namespace Templating.Cli.Base;

/// <summary>What to do about a failure, where that is known. The reasons are those of docs/errors.md.</summary>
internal static class Hints
{
    public static IReadOnlyList<string> For(CliContext context, TemplatingClientException failure)
    {
        var hints = new List<string>();
        // Many of the daemon's messages name the command themselves.
        if (!failure.Message.Contains("'templating ", StringComparison.Ordinal) && ByReason(failure) is { } hint)
        {
            hints.Add(hint);
        }
        else if (failure.Code == StatusCode.PermissionDenied && failure.Message.Contains("tenant", StringComparison.Ordinal))
        {
            hints.Add($"You are uid {Terminals.LibC.EffectiveUser()} and asked for tenant '{context.Tenant}'; choose another with --tenant, or have the daemon's policy changed.");
        }
        else if (failure.Code == StatusCode.DeadlineExceeded && context.Timeout is { } timeout)
        {
            hints.Add($"Your --timeout was {DurationText.Format(timeout)}; a longer one may do.");
        }

        if (failure.RetryAfter is { } delay)
        {
            hints.Add($"Try again in {DurationText.Format(delay)}.");
        }

        return hints;
    }

    private static string? ByReason(TemplatingClientException failure) => failure.Reason switch
    {
        "TEMPLATE_NOT_FOUND" => "'templating template list' shows what there is for this tenant.",
        "CLONE_NOT_FOUND" => "'templating clone list' shows what there is for this tenant.",
        "TEMPLATE_IN_USE" => "Delete its clones first ('templating clone list --template NAME'), or use --force.",
        "TEMPLATE_STALE" => "Build it again with 'templating template create'.",
        "TEMPLATE_CORRUPT" => "'templating template verify' says what is wrong; delete it and build it again.",
        "TEMPLATE_BUSY" => "Wait for the build under way: 'templating template list --watch'.",
        "QEMU_MISSING" or "QEMU_TOO_OLD" or "QEMU_UNSUPPORTED" or "ACCELERATOR_UNAVAILABLE" =>
            "Run 'templating doctor' on the node.",
        "NODE_MEMORY_EXHAUSTED" or "NODE_CAPACITY_EXHAUSTED" =>
            "'templating node info' shows what is used; 'templating clone stop' makes room.",
        "TENANT_QUOTA_EXHAUSTED" => "'templating clone list' and 'templating template list' show what the tenant has.",
        "DISK_FULL" => "'templating node gc' deletes what no template uses.",
        "HOST_EXHAUSTED" or "HOST_UNUSABLE" or "NODE_TOO_SMALL" => "'templating doctor' on the node says what it lacks, and 'templating node info' what it has.",
        // Only where time was what it lacked.
        "IDENTITY_NOT_CONFIRMED" when failure.Metadata.ContainsKey("timeout_seconds") => "A busy node may need more time: --identity-timeout 2m.",
        _ => null,
    };
}
