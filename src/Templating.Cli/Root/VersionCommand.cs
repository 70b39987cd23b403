using System.Reflection;
using System.Text.Json.Nodes;
using Templating.Cli.Base;
using Templating.Cli.Exits;
using Templating.Cli.Output;

namespace Templating.Cli.Root;

internal static class VersionCommand
{
    public static string Version { get; } =
        typeof(VersionCommand).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    public static CliCommand Create(Globals globals) => globals.Run(
        new CliCommand("version", "Prints the version of this program; 'node info' has the daemon's.", "templating version", "templating version -o json"),
        (context, _) =>
        {
            if (context.Format == OutputFormat.Table)
            {
                context.Write($"templating {Version}\n");
            }
            else
            {
                context.Print<string>([], [Version], () => new JsonObject { ["version"] = Version }, v => v);
            }

            return Task.FromResult(ExitCode.Ok);
        });
}
