using Grpc.Core;
using Spectre.Console;
using Templating.Cli.Base;
using Templating.Cli.Exits;
using Templating.Contract;
using Templating.Terminal.Tables;
using Templating.V1;

namespace Templating.Cli.Templates;

internal static class TemplateVerifyCommand
{
    public static CliCommand Create(Globals globals)
    {
        var name = TemplateShowCommand.NameArgument(globals);
        var command = new CliCommand(
            "verify",
            "Reads every byte of a template again and compares it with its manifest. Fails where something differs.",
            "templating template verify web",
            "templating template verify web@3f2a91c0d4e8 -o json")
        {
            name,
        };
        return globals.Run(command, async (context, cancellationToken) =>
        {
            var request = new VerifyTemplateRequest { Name = await RevisionNames.ResolveAsync(context, context.Get(name), cancellationToken) };
            using var call = context.Client.Templates.VerifyTemplate(request, deadline: context.Deadline, cancellationToken: cancellationToken);
            var result = await ShowAsync(context, call.ResponseStream, cancellationToken);
            context.PrintSheet(
                () =>
                [
                    ("Name", result.Name),
                    ("Result", result.Sound ? "sound" : "NOT SOUND"),
                    .. result.Problems.Select(p => ("Problem", p)),
                ],
                result, result.Name);
            return result.Sound ? ExitCode.Ok : ExitCode.Failure;
        });
    }

    private static async Task<VerifyResult> ShowAsync(
        CliContext context, IAsyncStreamReader<VerifyTemplateResponse> responses, CancellationToken cancellationToken)
    {
        VerifyResult? result = null;
        if (context.ShowsLive)
        {
            await context.CreateErrorConsole().Progress().AutoClear(true)
                .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn())
                .StartAsync(async progress =>
                {
                    var task = progress.AddTask("verify");
                    await foreach (var response in responses.ReadAllAsync(cancellationToken))
                    {
                        result = response.Result ?? result;
                        if (response.File.Length > 0)
                        {
                            task.Description = Markup.Escape(PlainText.Of(response.File));
                            task.MaxValue = Math.Max(response.TotalBytes, 1);
                            task.Value = response.DoneBytes;
                        }
                    }
                });
        }
        else
        {
            var file = "";
            await foreach (var response in responses.ReadAllAsync(cancellationToken))
            {
                result = response.Result ?? result;
                if (response.File.Length > 0 && !string.Equals(response.File, file, StringComparison.Ordinal))
                {
                    file = response.File;
                    context.Note($"verifying {file} ({ByteSize.Format(response.TotalBytes)} in all)");
                }
            }
        }

        return result ?? throw new CliException(ExitCode.Failure, "The daemon ended the check without a result.");
    }
}
