using System.CommandLine;
using System.CommandLine.Invocation;
using k8s.Autorest;
using k8s.Exceptions;
using Templating.Kubectl.Cluster;
using Templating.Kubectl.Load.Recipes;
using Templating.Terminal.Commands;
using Templating.Terminal.Tables;

namespace Templating.Kubectl.Commands;

/// <summary>The command line: from arguments to an exit code.</summary>
internal static class Cli
{
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, PluginHost host, TimeProvider time)
    {
        var code = await RunCommandAsync(arguments, host, time);
        await host.Out.FlushAsync(CancellationToken.None);
        return host.Guard.Conclude(code, ExitCode.Failure, host.Error.WriteLine);
    }

    private static async Task<int> RunCommandAsync(IReadOnlyList<string> arguments, PluginHost host, TimeProvider time)
    {
        var error = host.Error;
        var root = CreateRoot(host, time);
        var configuration = new ParserConfiguration { ResponseFileTokenReplacer = null };
        var parse = root.Parse(arguments, configuration);
        if (UsageFaults.IsQuestion(parse))
        {
            parse = root.Parse([.. arguments, "--help"], configuration);
        }

        if (parse.Action is ParseErrorAction)
        {
            var usage = UsageFaults.Of(parse, "kubectl templating");
            foreach (var line in usage.Faults.Concat(usage.Hints))
            {
                await error.WriteLineAsync(PlainText.Of(line));
            }

            return ExitCode.Usage;
        }

        try
        {
            var invocation = new InvocationConfiguration { Output = host.Out, Error = error, EnableDefaultExceptionHandler = false };
            if (LoadCommand.CleansUp(parse))
            {
                // After a Ctrl-C or SIGTERM what it made goes first, and that takes the time it takes.
                invocation.ProcessTerminationTimeout = LoadCommand.CleanUpLimit;
            }

            return await parse.InvokeAsync(invocation, host.Guard.Lost);
        }
        catch (OperationCanceledException) when (host.Guard.Lost.IsCancellationRequested)
        {
            // Nobody reads any more; the guard has the words and the code for it.
        }
        catch (RecipeException e)
        {
            await error.WriteLineAsync(PlainText.Of(e.Message));
            foreach (var fault in e.Faults)
            {
                await error.WriteLineAsync(PlainText.Of($"  {fault.Field}: {fault.Description}"));
            }

            return ExitCode.Usage;
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

    public static RootCommand CreateRoot(PluginHost host, TimeProvider time)
    {
        var globals = new Globals();
        var root = new RootCommand("Shows and explains VM templates, pools and clones, and reaches into the VMs.")
        {
            StatusCommand.Create(globals, host, time),
            TopCommand.Create(globals, host),
            ExplainCommand.Create(globals, host.Out),
            ExecCommand.CreateConsole(globals),
            ExecCommand.CreateExec(globals),
            LoadCommand.Create(globals, host, time),
            HelpCommand.Create(host),
        };
        foreach (var option in globals.All)
        {
            root.Add(option);
        }

        DashWords.Refuse(root);
        HelpText.Fit(root, host.Width());
        return root;
    }
}
