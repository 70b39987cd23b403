using System.CommandLine;
using System.Security.Cryptography;
using Templating.Api.Client;
using Templating.Cli.Exits;
using Templating.Cli.Output;

namespace Templating.Cli.Base;

/// <summary>The options every command has, and the one place where a command's failures become words and an exit code.</summary>
internal sealed class Globals
{
    public Globals(CliHost host)
    {
        Host = host;
        Address = FromEnvironment("--address", "TEMPLATING_ADDRESS", "ADDRESS", "Where the daemon listens: unix:///path or https://host:port", TemplatingAddress.Default);
        Tenant = FromEnvironment("--tenant", "TEMPLATING_TENANT", "NAME", "The tenant to act for", "default");
        Authority = FromEnvironment("--tls-ca", "TEMPLATING_TLS_CA", "FILE", "PEM file with the authorities that may vouch for the daemon", null);
        Certificate = FromEnvironment("--tls-cert", "TEMPLATING_TLS_CERT", "FILE", "PEM file with your certificate", null);
        Key = FromEnvironment("--tls-key", "TEMPLATING_TLS_KEY", "FILE", "PEM file with the certificate's key", null);
        Timeout.Recursive = Format.Recursive = Verbose.Recursive = true;
    }

    public CliHost Host { get; }

    public Option<string?> Address { get; }

    public Option<string?> Tenant { get; }

    public Option<string?> Authority { get; }

    public Option<string?> Certificate { get; }

    public Option<string?> Key { get; }

    public Option<OutputFormat> Format { get; } = OptionKinds.Choice<OutputFormat>("--output", "How to print the result", "-o");

    public Option<TimeSpan?> Timeout { get; } = OptionKinds.Duration("--timeout", "Give up after this long; without it only Ctrl-C ends a call");

    public Option<bool> Verbose { get; } = OptionKinds.Flag("--verbose", "Say more about failures");

    public IEnumerable<Option> All => [Address, Tenant, Format, Timeout, Authority, Certificate, Key, Verbose];

    /// <summary>Gives the command its action.</summary>
    public CliCommand Run(CliCommand command, Func<CliContext, CancellationToken, Task<int>> action)
    {
        command.SetAction((parse, cancellationToken) => RunAsync(command, parse, action, cancellationToken));
        return command;
    }

    private async Task<int> RunAsync(
        CliCommand command, ParseResult parse, Func<CliContext, CancellationToken, Task<int>> action, CancellationToken cancellationToken)
    {
        using var context = new CliContext(this, parse);
        // Nothing that a command does is of use once nobody can be told; a daemon or a pod's VM goes on.
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, command.OwnsSignals ? default : Host.Guard.Lost);
        int code;
        try
        {
            code = await action(context, ended.Token);
        }
        catch (Exception e) when (IsOfTheOutput(command, e))
        {
            // CommandLine says what became of the output.
            code = ExitCode.Ok;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            code = ExitCode.Interrupted;
        }
        catch (TemplatingClientException e)
        {
            var fitting = Failures.Report(context, e);
            code = command.FailureCode ?? fitting;
        }
        catch (CliException e)
        {
            Failures.Report(context, e);
            code = command.FailureCode ?? e.ExitCode;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            Failures.Report(context, e);
            code = command.FailureCode ?? ExitCode.Failure;
        }

        return code;
    }

    private bool IsOfTheOutput(CliCommand command, Exception e) =>
        !command.OwnsSignals && Host.Guard.Lost.IsCancellationRequested
        && e is OperationCanceledException or TemplatingClientException or IOException;

    private Option<string?> FromEnvironment(string name, string variable, string help, string description, string? initial) => new(name)
    {
        HelpName = help,
        Description = $"{description} (environment: {variable})",
        Recursive = true,
        DefaultValueFactory = _ => Host.Environment(variable) is { Length: > 0 } value ? value : initial,
    };
}
