using Grpc.Core;
using Templating.Api.Client;
using Templating.Cli.Exits;
using Templating.Contract;
using Templating.Terminal.Tables;

namespace Templating.Cli.Base;

/// <summary>Failures as people read them: what, which fields, what to do. A stack trace only where it was asked for.</summary>
internal static class Failures
{
    /// <returns>The exit code that fits.</returns>
    public static int Report(CliContext context, TemplatingClientException failure)
    {
        if (ConnectionProblem.Of(context, failure) is { } problem)
        {
            Report(context, problem);
            return problem.ExitCode;
        }

        Write(context.Host.Error, Message(failure), failure.Violations, Hints.For(context, failure));
        Trace(context, failure);
        return ExitCode.Of(failure);
    }

    public static void Report(CliContext context, CliException failure)
    {
        Write(context.Host.Error, failure.Message, failure.Violations, failure.Hints);
        Trace(context, failure);
    }

    public static void Report(CliContext context, Exception failure)
    {
        Write(context.Host.Error, failure.Message, [], []);
        Trace(context, failure);
    }

    public static void Write(
        TextWriter writer, string message, IReadOnlyList<FieldViolation> violations, IReadOnlyList<string> hints)
    {
        writer.WriteLine("error: " + PlainText.Of(message));
        foreach (var violation in violations)
        {
            writer.WriteLine($"  {PlainText.Of(violation.Field)}: {PlainText.Of(violation.Description)}");
        }

        foreach (var hint in hints)
        {
            writer.WriteLine("hint: " + PlainText.Of(hint));
        }
    }

    /// <summary>Where the fields are listed below, the message need not list them too.</summary>
    private static string Message(TemplatingClientException failure) => failure switch
    {
        { Violations.Count: 1 } => "The daemon refused the request; a field is wrong:",
        { Violations.Count: > 1 } => $"The daemon refused the request; {failure.Violations.Count} fields are wrong:",
        { Message.Length: 0, Code: StatusCode.DeadlineExceeded } => "The time that the call was given is over.",
        { Message.Length: 0 } => "The daemon answered " + failure.Code + ".",
        _ => failure.Message,
    };

    private static void Trace(CliContext context, Exception failure)
    {
        if (!context.Verbose)
        {
            return;
        }

        if (failure is TemplatingClientException { Reason.Length: > 0 } client)
        {
            context.Host.Error.WriteLine($"reason: {client.Code} {PlainText.Of(client.Reason)}");
            foreach (var (key, value) in client.Metadata)
            {
                context.Host.Error.WriteLine($"  {PlainText.Of(key)}: {PlainText.Of(value)}");
            }
        }

        foreach (var line in failure.ToString().Split('\n'))
        {
            context.Host.Error.WriteLine("trace: " + PlainText.Of(line.TrimEnd('\r')));
        }
    }
}
