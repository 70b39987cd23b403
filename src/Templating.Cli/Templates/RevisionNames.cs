using Templating.Api.Client;
using Templating.Cli.Base;
using Templating.Cli.Exits;
using Templating.Cli.Parsing;
using Templating.Contract;

namespace Templating.Cli.Templates;

/// <summary>Revisions as lists show them, shortened, made whole by asking the daemon.</summary>
internal static class RevisionNames
{
    public static async Task<string> ResolveAsync(CliContext context, string text, CancellationToken cancellationToken)
    {
        var name = ObjectNames.Template(context.Tenant, text, out var revision);
        if (revision.Length is 0 or Labels.RevisionLength)
        {
            return revision.Length == 0 ? name : $"{name}/revisions/{revision}";
        }

        var parent = name[..name.IndexOf("/templates/", StringComparison.Ordinal)];
        var matches = new List<string>();
        await foreach (var template in context.Client.Templates.ListAllAsync(parent, context.Deadline, cancellationToken))
        {
            if (template.Name.StartsWith($"{name}/revisions/{revision}", StringComparison.Ordinal))
            {
                matches.Add(template.Name);
            }
        }

        return matches.Count switch
        {
            1 => matches[0],
            0 => throw new CliException(ExitCode.NotFound, $"{name} has no revision that begins with {revision}."),
            _ => throw new CliException(ExitCode.Usage, $"{matches.Count} revisions of {name} begin with {revision}; give more digits."),
        };
    }
}
