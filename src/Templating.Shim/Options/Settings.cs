using Templating.Api.Client;
using Templating.Contract;
using Tomlyn.Syntax;

namespace Templating.Shim.Options;

/// <summary>The names in a handler's options, with their limits.</summary>
internal sealed class Settings(Faults faults)
{
    private const string Names =
        "daemon, template, allow_pod_template, tenant, start_timeout_seconds, image_timeout_seconds and daemon_patience_seconds";

    public ShimOptions Apply(ShimOptions options, KeyValueSyntax entry)
    {
        var name = entry.Key?.ToString().Trim() ?? "";
        return name switch
        {
            "daemon" => options with { Daemon = Address(name, Text(name, entry)) ?? options.Daemon },
            "template" => options with { Template = Template(name, Text(name, entry)) },
            "allow_pod_template" => options with { AllowPodTemplate = Flag(name, entry) },
            "tenant" => options with { Tenant = Label(name, Text(name, entry)) },
            "start_timeout_seconds" => options with { StartTimeout = Seconds(name, entry, 1, 600) },
            "image_timeout_seconds" => options with { ImageTimeout = Seconds(name, entry, 1, 3600) },
            "daemon_patience_seconds" => options with { DaemonPatience = Seconds(name, entry, 0, 600) },
            // containerd's own words of the same table.
            "TypeUrl" or "ConfigPath" => options,
            _ => Unknown(options, name),
        };
    }

    /// <summary>NAME, or NAME@REVISION.</summary>
    public static string? FindTemplateProblem(string text)
    {
        var at = text.IndexOf('@', StringComparison.Ordinal);
        var (name, revision) = at < 0 ? (text, null) : (text[..at], text[(at + 1)..]);
        return Labels.IsLabel(name) && (revision is null || Labels.IsRevision(revision))
            ? null
            : $"{Quote.Text(text)} is no template: use NAME (1 to {Labels.MaxLength} of a-z, 0-9 and '-', with no '-' at the ends), or NAME@REVISION with its {Labels.RevisionLength} hexadecimal digits.";
    }

    private ShimOptions Unknown(ShimOptions options, string name)
    {
        faults.Add(Quote.Text(name), $"There is no such option; there are {Names}.");
        return options;
    }

    private string Text(string name, KeyValueSyntax entry)
    {
        if (entry.Value is StringValueSyntax { Value: { } text })
        {
            return text;
        }

        faults.Add(name, "A text in quotes is expected.");
        return "";
    }

    private bool Flag(string name, KeyValueSyntax entry)
    {
        faults.Require(entry.Value is BooleanValueSyntax, name, "true or false is expected.");
        return entry.Value is BooleanValueSyntax { Value: true };
    }

    private TimeSpan Seconds(string name, KeyValueSyntax entry, long least, long most)
    {
        if (entry.Value is IntegerValueSyntax whole && whole.Value >= least && whole.Value <= most)
        {
            return TimeSpan.FromSeconds(whole.Value);
        }

        faults.Add(name, $"A whole number of {least} to {most} is expected.");
        return TimeSpan.Zero;
    }

    private TemplatingAddress? Address(string name, string text)
    {
        if (!TemplatingAddress.TryParse(text, out var address, out var problem))
        {
            faults.Add(name, problem);
            return null;
        }

        // Sandboxes are held by a process of the node, and so over the node's own socket alone.
        faults.Require(address.SocketPath is not null, name, $"{Quote.Text(text)} is not on this node; use unix:///path/to/socket.");
        return address;
    }

    private string Template(string name, string text)
    {
        if (FindTemplateProblem(text) is { } problem)
        {
            faults.Add(name, problem);
        }

        return text;
    }

    private string Label(string name, string text)
    {
        faults.RequireLabel(name, text);
        return text;
    }
}
