using Grpc.Core;
using Spectre.Console;
using Spectre.Console.Rendering;
using Templating.Api.Wire;
using Templating.Cli.Base;
using Templating.Cli.Exits;
using Templating.Contract;
using Templating.Terminal.Tables;
using Templating.V1;

namespace Templating.Cli.Templates;

/// <summary>A build as it goes on, on standard error: a live line for each phase on a terminal, else a plain one.</summary>
internal static class BuildProgress
{
    public static async Task<Template> ShowAsync(
        CliContext context, IAsyncStreamReader<CreateTemplateResponse> responses, CancellationToken cancellationToken)
    {
        Template? template = null;
        if (context.ShowsLive)
        {
            await context.CreateErrorConsole().Progress()
                .Columns(new SpinnerColumn(), new TaskDescriptionColumn { Alignment = Justify.Left }, new SecondsColumn())
                .StartAsync(async progress =>
                {
                    ProgressTask? current = null;
                    var phase = "";
                    template = await ReadAsync(responses, Show, cancellationToken);
                    Finish(current);

                    void Show(CreateTemplateResponse response)
                    {
                        if (current is null || !string.Equals(phase, response.Phase, StringComparison.Ordinal))
                        {
                            Finish(current);
                            phase = response.Phase;
                            current = progress.AddTask("-").IsIndeterminate();
                        }

                        if (response.Phase.Length > 0)
                        {
                            current.Description = Markup.Escape(Line(response));
                        }
                    }
                });
        }
        else
        {
            template = await ReadAsync(
                responses,
                response => context.Note($"{DurationText.Format(response.Elapsed.ToTimeSpanOrNull() ?? default),8}  {Line(response)}"),
                cancellationToken);
        }

        return template ?? throw new CliException(ExitCode.Failure, "The daemon ended the build without a template.");
    }

    private static async Task<Template?> ReadAsync(
        IAsyncStreamReader<CreateTemplateResponse> responses, Action<CreateTemplateResponse> show, CancellationToken cancellationToken)
    {
        Template? template = null;
        await foreach (var response in responses.ReadAllAsync(cancellationToken))
        {
            show(response);
            template = response.Template ?? template;
        }

        return template;
    }

    private static string Line(CreateTemplateResponse response) =>
        PlainText.Of(response.Message.Length == 0 ? response.Phase : $"{response.Phase}: {response.Message}");

    private static void Finish(ProgressTask? task)
    {
        if (task is not null)
        {
            task.Value = task.MaxValue;
            task.StopTask();
        }
    }

    private sealed class SecondsColumn : ProgressColumn
    {
        public override IRenderable Render(RenderOptions options, ProgressTask task, TimeSpan deltaTime) =>
            new Text(DurationText.Format(task.ElapsedTime ?? default));
    }
}
