using System.CommandLine;
using System.CommandLine.Invocation;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text.Json;
using k8s.Autorest;
using k8s.Exceptions;
using Templating.Kubectl.Cluster;
using Templating.Kubectl.Load.Recipes;
using Templating.Kubernetes.Calls;
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

        var invocation = new InvocationConfiguration { Output = host.Out, Error = error, EnableDefaultExceptionHandler = false };
        if (LoadCommand.CleansUp(parse))
        {
            // After a Ctrl-C or SIGTERM what it made goes first, and that takes the time it takes.
            invocation.ProcessTerminationTimeout = LoadCommand.CleanUpLimit;
        }

        return await ToldAsync(() => parse.InvokeAsync(invocation, host.Guard.Lost), host);
    }

    /// <summary>What a command failed by, in words, and its exit code.</summary>
    internal static async Task<int> ToldAsync(Func<Task<int>> run, PluginHost host)
    {
        var error = host.Error;
        try
        {
            return await run();
        }
        catch (OperationCanceledException) when (host.Guard.Lost.IsCancellationRequested)
        {
            // Nobody reads any more; the guard has the words and the code for it.
        }
        catch (OperationCanceledException e) when (e.InnerException is not TimeoutException)
        {
            // A Ctrl-C or SIGTERM: whoever sent it knows.
            return ExitCode.Interrupted;
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
            await error.WriteLineAsync(PlainText.Of(e.Message));
        }
        catch (HttpOperationException e)
        {
            await error.WriteLineAsync(PlainText.Of($"The API server refused: {(int)e.Response.StatusCode} {ServerStatus.MessageOf(e.Response.Content)}"));
        }
        catch (Exception e) when (IsOfCluster(e))
        {
            await error.WriteLineAsync(PlainText.Of($"The cluster cannot be reached: {e.Message}"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A file's.
            await error.WriteLineAsync(PlainText.Of($"error: {e.Message}"));
        }

        return ExitCode.Failure;
    }

    /// <summary>Also of what its kubeconfig names, and of an answer that is no API server's: a proxy's page, say.</summary>
    private static bool IsOfCluster(Exception e) => e is KubeConfigException or HttpRequestException or HttpIOException or TimeoutException or OperationCanceledException
        or JsonException or CryptographicException or FormatException or IOException { InnerException: SocketException };

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
