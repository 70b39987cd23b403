using System.Buffers.Binary;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Google.Protobuf;
using Grpc.Core;
using Templating.Api.Client;

namespace Templating.Node.Commands.Runtimes;

/// <summary>Asks containerd over its socket: its version, and of its CRI plugin the runtimes that it goes by.</summary>
internal sealed class ContainerdClient(string socketPath, TimeProvider clock) : IContainerd
{
    private const int SocketLevel = 1;          // SOL_SOCKET
    private const int PeerCredentials = 17;     // SO_PEERCRED: pid, uid, gid
    private const string SearchPathVariable = "PATH=";
    private const int TextField = 1;
    private const int MapValueField = 2;
    private const int InfoField = 2;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly Marshaller<byte[]> Bytes = Marshallers.Create(bytes => bytes, bytes => bytes);

    /// <summary>StatusRequest.verbose.</summary>
    private static readonly byte[] Verbose = [0x08, 0x01];

    public async Task<ContainerdAnswer?> AskAsync(CancellationToken cancellationToken)
    {
        if (!TemplatingAddress.TryParse($"unix://{socketPath}", out var address, out _))
        {
            return null;
        }

        try
        {
            using var channel = ChannelFactory.Create(new TemplatingClientOptions { Address = address });
            var invoker = channel.CreateCallInvoker();
            var version = Text(await CallAsync(invoker, "containerd.services.version.v1.Version", "Version", [], cancellationToken));
            // The older name is all that 1.5 knows.
            var status = await TryCallAsync(invoker, "runtime.v1.RuntimeService", cancellationToken)
                ?? await TryCallAsync(invoker, "runtime.v1alpha2.RuntimeService", cancellationToken);
            return new ContainerdAnswer(version, status is not null, status is null ? null : Handlers(status), SearchPath());
        }
        catch (Exception e) when (e is RpcException or SocketException or IOException or InvalidProtocolBufferException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return null;
        }
    }

    private async Task<byte[]?> TryCallAsync(CallInvoker invoker, string service, CancellationToken cancellationToken)
    {
        try
        {
            return await CallAsync(invoker, service, "Status", Verbose, cancellationToken);
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.Unimplemented)
        {
            return null;
        }
    }

    private async Task<byte[]> CallAsync(CallInvoker invoker, string service, string method, byte[] request, CancellationToken cancellationToken) =>
        await invoker.AsyncUnaryCall(
            new Method<byte[], byte[]>(MethodType.Unary, service, method, Bytes, Bytes), host: null,
            new CallOptions(deadline: clock.GetUtcNow().UtcDateTime + Patience, cancellationToken: cancellationToken), request);

    private static string Text(byte[] message) => Fields(message, TextField).Select(f => f.ToStringUtf8()).LastOrDefault() ?? "";

    /// <summary>The status' info has the plugin's configuration as JSON.</summary>
    internal static IReadOnlySet<string>? Handlers(byte[] status)
    {
        var config = Fields(status, InfoField).Select(f => f.ToByteArray()).FirstOrDefault(entry => Text(entry) == "config");
        var json = config is null ? null : Fields(config, MapValueField).FirstOrDefault()?.ToStringUtf8();
        try
        {
            return json is not null && JsonNode.Parse(json)?["containerd"]?["runtimes"] is JsonObject runtimes
                ? runtimes.Select(r => r.Key).ToHashSet(StringComparer.Ordinal)
                : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private static List<ByteString> Fields(byte[] message, int number)
    {
        var found = new List<ByteString>();
        var input = new CodedInputStream(message);
        while (input.ReadTag() is var tag and not 0)
        {
            if (WireFormat.GetTagFieldNumber(tag) == number && WireFormat.GetTagWireType(tag) == WireFormat.WireType.LengthDelimited)
            {
                found.Add(input.ReadBytes());
            }
            else
            {
                input.SkipLastField();
            }
        }

        return found;
    }

    /// <summary>Of the process behind the socket, where this one may see it.</summary>
    private List<string> SearchPath()
    {
        try
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            socket.Connect(new UnixDomainSocketEndPoint(socketPath));
            Span<byte> peer = stackalloc byte[12];
            socket.GetRawSocketOption(SocketLevel, PeerCredentials, peer);
            var pid = BinaryPrimitives.ReadInt32LittleEndian(peer);
            var environment = Encoding.UTF8.GetString(File.ReadAllBytes(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/environ")));
            var path = environment.Split('\0').FirstOrDefault(v => v.StartsWith(SearchPathVariable, StringComparison.Ordinal));
            return path is null ? [] : [.. path[SearchPathVariable.Length..].Split(':', StringSplitOptions.RemoveEmptyEntries)];
        }
        catch (Exception e) when (e is SocketException or IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
