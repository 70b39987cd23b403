using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using Templating.Cli.Base;
using Templating.Cli.Exits;
using Templating.Contract;
using Templating.Terminal.Commands;

namespace Templating.Cli.Root;

/// <summary>The command line: from arguments to an exit code.</summary>
internal static class CommandLine
{
    public const string Program = "templating";

    /// <param name="commands">All there are, in the order in which help lists them.</param>
    public static async Task<int> RunAsync(
        IReadOnlyList<string> arguments, CliHost host, Func<Globals, IEnumerable<CliCommand>> commands, CancellationToken cancellationToken)
    {
        var root = CreateRoot(host, commands);
        // A leading @ is no response file here: nobody expects a file to be read.
        var configuration = new ParserConfiguration { ResponseFileTokenReplacer = null };
        var parse = root.Parse(arguments, configuration);
        if (UsageFaults.IsQuestion(parse))
        {
            parse = root.Parse([.. arguments, "--help"], configuration);
        }

        var command = parse.CommandResult.Command as CliCommand;
        if (parse.Action is ParseErrorAction)
        {
            ReportUsage(parse, host);
            return host.Guard.Conclude(command?.FailureCode ?? ExitCode.Usage, ExitCode.Failure, _ => { });
        }

        var invocation = new InvocationConfiguration { Output = host.Out, Error = host.Error, EnableDefaultExceptionHandler = false };
        if (command?.OwnsSignals == true)
        {
            // Else two seconds after SIGTERM the process would end, whatever still goes on.
            invocation.ProcessTerminationTimeout = null;
        }

        var code = await parse.InvokeAsync(invocation, cancellationToken);
        await host.Out.FlushAsync(CancellationToken.None);
        return command?.OwnsSignals == true
            ? code
            : host.Guard.Conclude(code, command?.FailureCode ?? ExitCode.Failure, failure => Failures.Write(host.Error, failure, [], []));
    }

    public static RootCommand CreateRoot(CliHost host, Func<Globals, IEnumerable<CliCommand>> commands)
    {
        var globals = new Globals(host);
        var root = new RootCommand("Starts virtual machines in milliseconds from a frozen, read-only template.");
        foreach (var command in commands(globals))
        {
            root.Add(command);
        }

        foreach (var option in globals.All)
        {
            root.Add(option);
        }

        DashWords.Refuse(root);

        var fitted = HelpText.Fit(root, host.OutputWidth());
        root.Options.OfType<HelpOption>().Single().Action = new HelpWithExamples(fitted);
        root.Options.OfType<VersionOption>().Single().Action = new PrintVersion();
        return root;
    }

    private static void ReportUsage(ParseResult parse, CliHost host)
    {
        var usage = UsageFaults.Of(parse, Program);
        Failures.Write(
            host.Error,
            usage.Faults.Count == 1 ? usage.Faults[0] : $"The command line has {usage.Faults.Count} faults:",
            usage.Faults.Count == 1 ? [] : [.. usage.Faults.Select((f, i) => new FieldViolation($"{i + 1}", f))],
            usage.Hints);
    }

    /// <summary>The library's own names the entry assembly, which is another one where this is hosted.</summary>
    private sealed class PrintVersion : SynchronousCommandLineAction
    {
        public override int Invoke(ParseResult parseResult)
        {
            parseResult.InvocationConfiguration.Output.WriteLine(VersionCommand.Version);
            return ExitCode.Ok;
        }
    }
}
