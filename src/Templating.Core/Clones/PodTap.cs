using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Templating.Contract;
using Templating.Core.Errors;
using Templating.Core.Linux;

namespace Templating.Core.Clones;

/// <summary>The host's end of a card, in the network namespace of a pod: made there by the daemon, which QEMU never enters.</summary>
internal sealed record PodTap(SafeFileHandle File, string Name) : IDisposable
{
    private const string AnyName = "tap%d";

    /// <exception cref="TemplatingException">InvalidArgument: there is no such namespace, or it is none for this. HostUnusable and others: what the kernel refuses.</exception>
    public static PodTap Open(PlugNic request)
    {
        using var network = OpenNamespace(request.NetworkNamespace);
        return network.Within(() =>
        {
            var tap = TapCalls.TryOpen(request.Tap ?? AnyName, out var name) ?? throw Refusal(request.Tap ?? AnyName);
            if (TapCalls.Raise(name, request.Card.Mtu) < 0)
            {
                var failure = FileSystem.LastError("raise the tap", name);
                tap.Dispose();
                throw failure;
            }

            return new PodTap(tap, name);
        });
    }

    public void Dispose() => File.Dispose();

    private static Exception Refusal(string name) => Marshal.GetLastPInvokeError() switch
    {
        Errno.Busy => new TemplatingException(ErrorCode.IllegalState, $"The tap '{name}' has another end already, in this VM or elsewhere."),
        Errno.Invalid => new TemplatingException(ErrorCode.IllegalState, $"There is an interface '{name}' in that network namespace, and it is no tap that can be attached to."),
        var error => FileSystem.Error(error, "open as a tap", name),
    };

    private static NetworkNamespace OpenNamespace(string path)
    {
        string problem;
        try
        {
            if (NetworkNamespace.TryOpen(path, out problem) is { } network)
            {
                return network;
            }
        }
        catch (IOException e)
        {
            problem = e.Message;
        }

        throw new TemplatingException(ErrorCode.InvalidArgument, $"network_namespace {Quote.Text(path)} is not one that a card can be in: {problem}.");
    }
}
