using System.CommandLine;
using Microsoft.Extensions.Options;
using Templating.Api.Client;
using Templating.Cli.Base;
using Templating.Cli.Exits;
using Templating.Contract;
using Templating.Core.Errors;
using Templating.Node.Hosting;
using Templating.Node.Mapping;
using Templating.Node.Options;

namespace Templating.Node.Commands.Serve;

/// <summary>Runs the daemon. A flag overrides the environment, the environment the file, the file the default.</summary>
internal static class ServeCommand
{
    public static CliCommand Create(Globals globals)
    {
        var config = new Option<string?>("--config")
        {
            HelpName = "FILE",
            Description = "JSON file with the options (environment: TEMPLATING_CONFIG)",
            DefaultValueFactory = _ => globals.Host.Environment("TEMPLATING_CONFIG") is { Length: > 0 } path ? path : null,
        };
        var flags = Settings.All.ToDictionary(s => s, s => new Option<string[]>(s.Flag)
        {
            HelpName = s.Help,
            Description = s.Description + (s.Many ? " (repeatable)" : ""),
            Arity = s.Many ? ArgumentArity.OneOrMore : ArgumentArity.ExactlyOne,
            // The library binds no array where the arity is one.
            CustomParser = result => [.. result.Tokens.Select(t => t.Value)],
        });
        var command = new CliCommand(
            "serve",
            "Runs the node daemon. Each option is also an environment variable, TEMPLATING_STORE_PATH for --store-path, and a field of the configuration file, storePath.",
            "templating serve",
            "templating serve --config /etc/templating/config.json",
            "templating serve --tcp-address 0.0.0.0:9440 --tcp-certificate-path tls.crt --tcp-key-path tls.key --tcp-client-ca-path ca.crt")
        {
            config,
        };
        command.OwnsSignals = true;
        foreach (var flag in flags.Values)
        {
            command.Add(flag);
        }

        return globals.Run(command, async (context, cancellationToken) =>
        {
            if (context.Parse.GetResult(globals.Address) is { Implicit: false })
            {
                throw new CliException(ExitCode.Usage, "--address is where clients look; the daemon listens at --socket-path and --tcp-address.");
            }

            var given = new Dictionary<Setting, OptionSource>();
            var options = Read(context, context.Get(config), s => context.Get(flags[s]), given);
            try
            {
                return await NodeHost.RunAsync(options, cancellationToken);
            }
            catch (OptionsValidationException e)
            {
                throw new CliException(ExitCode.Usage, "The daemon's options have faults:", e)
                {
                    Violations = [.. e.Failures.Select(failure => OptionFaults.Of(failure, given)).Distinct()],
                };
            }
            catch (Exception e) when (HostFailure.Find(e) is { } refused)
            {
                throw Refused(refused);
            }
            catch (TemplatingException e)
            {
                // Such as a store that another daemon owns.
                throw Refused(e);
            }
        });
    }

    private static CliException Refused(TemplatingException e) =>
        new(ExitCode.Of(TemplatingClientException.From(ErrorMapping.ToStatus(e))), e.Message, e);

    /// <param name="given">Gets where each option came from.</param>
    internal static NodeOptions Read(CliContext context, string? path, Func<Setting, string[]> flag, Dictionary<Setting, OptionSource>? given = null)
    {
        var faults = new List<FieldViolation>();
        var file = path is null ? [] : ConfigFile.Read(path, faults);
        var options = new NodeOptions();
        foreach (var setting in Settings.All)
        {
            var (source, values) = flag(setting) is { Length: > 0 } flagged
                ? (setting.Flag, flagged)
                : context.Host.Environment(setting.Variable) is { Length: > 0 } variable
                    ? (setting.Variable, setting.Many ? variable.Split(':', StringSplitOptions.RemoveEmptyEntries) : [variable])
                    : file.TryGetValue(setting, out var field)
                        ? ($"{path}: {setting.FieldPath}", field)
                        : ("", (IReadOnlyList<string>?)null);
            if (values is not null)
            {
                given?.Add(setting, new OptionSource(source, values));
            }

            if (values is not null && setting.Set(options, values) is { } problem)
            {
                faults.Add(new FieldViolation(source, problem));
            }
        }

        return faults.Count == 0
            ? options
            : throw new CliException(ExitCode.Usage, "The daemon's options have faults:") { Violations = faults };
    }
}
