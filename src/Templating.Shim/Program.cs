using Google.Protobuf;
using Templating.Core.Linux;
using Templating.Shim.Commands;
using Templating.Shim.Errors;
using Templating.Shim.Host;

namespace Templating.Shim;

internal static class Program
{
    private const int Failure = 1;
    private const int Usage = 2;

    private static async Task<int> Main(string[] args)
    {
        if (ShimArguments.Parse(args, out var problem) is not { } arguments)
        {
            await Console.Error.WriteLineAsync(problem);
            return Usage;
        }

        try
        {
            return await RunAsync(arguments);
        }
        catch (Exception e) when (e is ShimException or IOException or UnauthorizedAccessException or System.ComponentModel.Win32Exception or System.Net.Sockets.SocketException)
        {
            // containerd puts it into the container's events.
            await Console.Error.WriteLineAsync(e.Message);
            return Failure;
        }
    }

    private static async Task<int> RunAsync(ShimArguments arguments)
    {
        var bundle = Path.GetFullPath(arguments.Bundle.Length > 0 ? arguments.Bundle : ".");
        switch (arguments.Action)
        {
            case ShimArguments.Version:
                await Console.Out.WriteLineAsync($"containerd-shim-templating-v2 {ShimVersion.Text}");
                return 0;
            case ShimArguments.Start:
                // And nothing else: containerd takes all that is written for the address.
                await Console.Out.WriteAsync(await StartCommand.RunAsync(arguments, ShimFolders.Default, bundle, Environment.ProcessPath!));
                return 0;
            case ShimArguments.Delete:
                var response = await DeleteCommand.RunAsync(arguments, ShimFolders.Default, bundle, Console.Error.WriteLine);
                await using (var output = Console.OpenStandardOutput())
                {
                    response.WriteTo(output);
                }

                return 0;
            default:
                return await ServeCommand.RunAsync(arguments, ShimFolders.Default, DetachedProgram.Descriptor, PodServer.ServeAsync, CancellationToken.None);
        }
    }
}
