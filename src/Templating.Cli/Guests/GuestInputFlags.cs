using System.CommandLine;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Templating.Cli.Base;
using Templating.Cli.Exits;
using Templating.Cli.Parsing;
using Templating.Contract;
using Templating.V1;

namespace Templating.Cli.Guests;

/// <summary>What is given to a guest with its identity, by flags: of a clone or of a VM pod.</summary>
internal sealed class GuestInputFlags
{
    private readonly Option<string?> _hostname = OptionKinds.Text("--hostname", "NAME", "The guest's hostname (default: the id)");
    private readonly Option<KeyValuePair<string, string>[]> _environment = OptionKinds.Pairs("--env", "A variable for this clone alone", "-e");
    private readonly Option<string[]> _environmentFiles = OptionKinds.Texts("--env-file", "FILE", "A file of K=V lines; --env overrides it");
    private readonly Option<string?> _userData = OptionKinds.Text("--user-data", "FILE", "/run/templating/user-data in the guest, at most 64KiB; - for standard input");
    private readonly Option<FileArgument[]> _files = OptionKinds.Files("--file", "A file for the guest, at most 64 and 512KiB in all; MODE is octal (default 0600)");
    private readonly Option<TimeSpan?> _identity = OptionKinds.Duration("--identity-timeout", "For the guest to confirm its identity (default 30s)");

    public void AddTo(CliCommand command)
    {
        System.CommandLine.Option[] all = [_hostname, _environment, _environmentFiles, _userData, _files, _identity];
        foreach (var option in all)
        {
            command.Add(option);
        }
    }

    /// <summary>An activation with everything but its ids and ports.</summary>
    public async Task<Activation> ReadAsync(CliContext context, CancellationToken cancellationToken)
    {
        var inputs = new Activation { Hostname = context.Get(_hostname) ?? "", IdentityTimeout = context.Get(_identity)?.ToDuration() };
        foreach (var file in context.Get(_environmentFiles))
        {
            var text = await InputFile.ReadTextAsync(context.Host, file, EnvironmentRules.MaxBytes, cancellationToken);
            foreach (var (key, value) in EnvFile.Parse(file, text))
            {
                inputs.Environment[key] = value;
            }
        }

        Set("--env", inputs.Environment, context.Get(_environment));
        if (context.Get(_userData) is { } userData)
        {
            inputs.UserData = UnsafeByteOperations.UnsafeWrap(
                await InputFile.ReadAsync(context.Host, userData, UserDataRules.MaxBytes, cancellationToken));
        }

        foreach (var file in context.Get(_files))
        {
            var content = await InputFile.ReadAsync(context.Host, file.Source, GuestFileRules.MaxBytes, cancellationToken);
            var guestFile = new GuestFile { Path = file.Path, Content = UnsafeByteOperations.UnsafeWrap(content) };
            if (file.Mode is { } mode)
            {
                guestFile.Mode = mode;
            }

            inputs.Files.Add(guestFile);
        }

        return inputs;
    }

    public static void Set(string option, Google.Protobuf.Collections.MapField<string, string> target, KeyValuePair<string, string>[] pairs)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (key, value) in pairs)
        {
            if (!seen.Add(key))
            {
                throw new CliException(ExitCode.Usage, $"{option}: {key} is given twice.");
            }

            target[key] = value;
        }
    }
}
