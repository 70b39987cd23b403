using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using Templating.Cli.Base;
using Templating.Cli.Exits;
using Templating.Contract;

namespace Templating.Cli.Root;

/// <summary>The command line: from arguments to an exit code.</summary>
internal static class CommandLine
{
    /// <param name="commands">All there are, in the order in which help lists them.</param>
    public static async Task<int> RunAsync(
        IReadOnlyList<string> arguments, CliHost host, Func<Globals, IEnumerable<CliCommand>> commands, CancellationToken cancellationToken)
    {
        var root = CreateRoot(host, commands);
        // A leading @ is no response file here: nobody expects a file to be read.
        var parse = root.Parse(arguments, new ParserConfiguration { ResponseFileTokenReplacer = null });
        var command = parse.CommandResult.Command as CliCommand;
        if (parse.Action is ParseErrorAction)
        {
            ReportUsage(parse, host);
            return command?.FailureCode ?? ExitCode.Usage;
        }

        var invocation = new InvocationConfiguration { Output = host.Out, Error = host.Error, EnableDefaultExceptionHandler = false };
        if (command?.OwnsSignals == true)
        {
            // Else two seconds after SIGTERM the process would end, whatever still goes on.
            invocation.ProcessTerminationTimeout = null;
        }

        var code = await parse.InvokeAsync(invocation, cancellationToken);
        await host.Out.FlushAsync(CancellationToken.None);
        return code;
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

        var help = root.Options.OfType<HelpOption>().Single();
        help.Action = new HelpWithExamples((HelpAction)help.Action!);
        root.Options.OfType<VersionOption>().Single().Action = new PrintVersion();
        return root;
    }

    private static void ReportUsage(ParseResult parse, CliHost host)
    {
        var faults = parse.Errors.Select(e => e.Message).ToList();
        if (faults.Count > 1)
        {
            // Beside "Unrecognized command 'crate'" this says nothing more.
            faults.RemoveAll(f => f is "Required command was not provided.");
        }

        var path = string.Join(' ', PathOf(parse.CommandResult));
        Failures.Write(
            host.Error,
            faults.Count == 1 ? faults[0] : $"The command line has {faults.Count} faults:",
            faults.Count == 1 ? [] : [.. faults.Select((f, i) => new FieldViolation($"{i + 1}", f))],
            [$"'{path} --help' says what is allowed."]);
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

    private static Stack<string> PathOf(System.CommandLine.Parsing.SymbolResult? result)
    {
        var names = new Stack<string>();
        for (; result is System.CommandLine.Parsing.CommandResult command; result = result.Parent)
        {
            names.Push(command.Command is RootCommand ? "templating" : command.Command.Name);
        }

        return names;
    }
}
