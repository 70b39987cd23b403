using System.CommandLine;
using System.Text;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Templating.Node.Commands.Parsing;
using Templating.V1;

namespace Templating.Node.Commands.Clones;

/// <summary>What makes a clone differ, by flags.</summary>
internal sealed class CloneSpecFlags
{
    // The wire takes 64 KiB of user data and of environment; a larger file is the wrong one and is not read whole.
    private const int MaxFileBytes = 64 * 1024;

    private readonly Option<string?> _hostname = OptionKinds.Text("--hostname", "NAME", "The guest's hostname (default: the id)");
    private readonly Option<KeyValuePair<string, string>[]> _environment = OptionKinds.Pairs("--env", "A variable for this clone alone", "-e");
    private readonly Option<string[]> _environmentFiles = OptionKinds.Texts("--env-file", "FILE", "A file of K=V lines; --env overrides it");
    private readonly Option<string?> _userData = OptionKinds.Text("--user-data", "FILE", "/run/templating/user-data in the guest, at most 64KiB; - for standard input");
    private readonly Option<PortForward[]> _forwards = OptionKinds.Forwards("--forward", "A TCP port of the guest to reach from the host; replaces the template's network");
    private readonly Option<bool> _outbound = OptionKinds.Flag("--outbound", "With --forward: let the guest open connections outwards");
    private readonly Option<KeyValuePair<string, string>[]> _labels = OptionKinds.Pairs("--label", "A label for your own use", "-l");
    private readonly Option<TimeSpan?> _identity = OptionKinds.Duration("--identity-timeout", "For the guest to confirm its identity (default 30s)");

    public void AddTo(CliCommand command)
    {
        System.CommandLine.Option[] all = [_hostname, _environment, _environmentFiles, _userData, _forwards, _outbound, _labels, _identity];
        foreach (var option in all)
        {
            command.Add(option);
        }
    }

    public async Task<CloneSpec> ReadAsync(CliContext context, string template, CancellationToken cancellationToken)
    {
        var spec = new CloneSpec
        {
            Template = template,
            Hostname = context.Get(_hostname) ?? "",
            IdentityTimeout = context.Get(_identity)?.ToDuration(),
        };
        foreach (var file in context.Get(_environmentFiles))
        {
            var text = Encoding.UTF8.GetString(await ReadFileAsync(context, file, cancellationToken));
            foreach (var (key, value) in EnvFile.Parse(file, text))
            {
                spec.Environment[key] = value;
            }
        }

        Set("--env", spec.Environment, context.Get(_environment));
        Set("--label", spec.Labels, context.Get(_labels));
        if (context.Get(_userData) is { } userData)
        {
            spec.UserData = UnsafeByteOperations.UnsafeWrap(await ReadFileAsync(context, userData, cancellationToken));
        }

        if (context.Get(_forwards) is { Length: > 0 } forwards)
        {
            spec.Network = new NetworkSpec { Outbound = context.Get(_outbound), Forwards = { forwards } };
        }
        else if (context.Get(_outbound))
        {
            spec.Network = new NetworkSpec { Outbound = true };
        }

        return spec;
    }

    private static void Set(string option, Google.Protobuf.Collections.MapField<string, string> target, KeyValuePair<string, string>[] pairs)
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

    private static async Task<byte[]> ReadFileAsync(CliContext context, string path, CancellationToken cancellationToken)
    {
        await using var stream = path is "-" ? context.Host.StandardInput() : File.OpenRead(path);
        return await SpecFile.ReadBoundedAsync(path, stream, MaxFileBytes, cancellationToken);
    }
}
