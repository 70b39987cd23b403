using System.Net.Sockets;
using System.Security.Authentication;
using Grpc.Core;
using Templating.Api.Client;
using Templating.Cli.Exits;
using Templating.Cli.Terminals;

namespace Templating.Cli.Base;

/// <summary>Why no daemon could be reached: gRPC has one code and one sentence for all of it, people need more.</summary>
internal static class ConnectionProblem
{
    public static CliException? Of(CliContext context, TemplatingClientException failure)
    {
        if (failure.Code is not (StatusCode.Unavailable or StatusCode.Internal) || failure.Reason.Length > 0
            || failure.InnerException is not RpcException { Status.DebugException: { } cause })
        {
            return null;
        }

        var address = context.Address;
        for (Exception? e = cause; e is not null; e = e.InnerException)
        {
            switch (e)
            {
                case SocketException { SocketErrorCode: SocketError.AccessDenied } when address.SocketPath is { } path:
                    return new CliException(ExitCode.Refused, $"You may not open the daemon's socket {path}.", failure) { Hints = [WhoMay(path)] };
                case SocketException socket:
                    return new CliException(ExitCode.Unavailable, $"No daemon answers at {address}: {Why(address, socket)}.", failure)
                    {
                        Hints = ["Start one with 'templating serve', or name another with --address or TEMPLATING_ADDRESS."],
                    };
                case AuthenticationException:
                    return new CliException(ExitCode.Refused, $"No trusted connection to {address}: {e.Message}", failure)
                    {
                        Hints = ["Name the authority of the daemon's certificate with --tls-ca, and your own certificate with --tls-cert and --tls-key."],
                    };
                case HttpIOException { HttpRequestError: HttpRequestError.ResponseEnded }:
                    return new CliException(ExitCode.Unavailable, $"The daemon at {address} went away in the middle of its answer.", failure);
            }
        }

        return null;
    }

    // .NET has one word, "Cannot assign requested address", for a path that is not there.
    private static string Why(TemplatingAddress address, SocketException failure) =>
        address.SocketPath is { } path && !File.Exists(path) ? "there is no such socket" : failure.Message;

    private static string WhoMay(string path)
    {
        var you = LibC.EffectiveUser();
        return FileOwner.Of(path) is { } owner
            ? $"It belongs to uid {owner.User}, gid {owner.Group}, and you are uid {you}: run as that user or join that group; the daemon's --socket-group chooses it."
            : $"You are uid {you} and may not even look into its folder: run as root or as the daemon's user.";
    }
}
