using System.CommandLine;
using System.CommandLine.Invocation;
using k8s.Autorest;
using k8s.Exceptions;
using Templating.Kubectl.Cluster;

namespace Templating.Kubectl.Commands;

/// <summary>The command line: from arguments to an exit code.</summary>
internal static class Cli
{
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, TextWriter output, TextWriter error, TimeProvider time)
    {
        var parse = CreateRoot(output, time).Parse(arguments, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parse.Action is ParseErrorAction)
        {
            foreach (var problem in parse.Errors)
            {
                await error.WriteLineAsync(problem.Message);
            }

            await error.WriteLineAsync("See kubectl templating --help.");
            return ExitCode.Usage;
        }

        try
        {
            return await parse.InvokeAsync(new InvocationConfiguration { Output = output, Error = error, EnableDefaultExceptionHandler = false });
        }
        catch (PluginException e)
        {
            await error.WriteLineAsync(e.Message);
        }
        catch (HttpOperationException e)
        {
            await error.WriteLineAsync($"The API server refused: {(int)e.Response.StatusCode} {e.Response.Content}");
        }
        catch (Exception e) when (e is KubeConfigException or HttpRequestException or IOException)
        {
            await error.WriteLineAsync($"The cluster cannot be reached: {e.Message}");
        }

        return ExitCode.Failure;
    }

    public static RootCommand CreateRoot(TextWriter output, TimeProvider time)
    {
        var globals = new Globals();
        var root = new RootCommand("Shows and explains VM templates, pools and clones, and reaches into the VMs.")
        {
            StatusCommand.Create(globals, output, time),
            TopCommand.Create(globals, output),
            ExplainCommand.Create(globals, output),
            ExecCommand.CreateConsole(globals),
            ExecCommand.CreateExec(globals),
        };
        foreach (var option in globals.All)
        {
            root.Add(option);
        }

        return root;
    }
}
