using System.Runtime.InteropServices;
using System.Text;
using Grpc.Core;
using Templating.Core.Linux;
using Templating.Shim.Errors;

namespace Templating.Shim.Network;

/// <summary>The kernel, asked about one pod's network namespace.</summary>
internal sealed class Rtnetlink : IDisposable
{
    private const ushort ErrorMessage = 2;          // NLMSG_ERROR
    private const ushort DoneMessage = 3;           // NLMSG_DONE
    private const ushort Interrupted = 0x10;        // NLM_F_DUMP_INTR
    private const ushort WithReasons = 0x200;       // NLM_F_ACK_TLVS
    private const ushort ShortCopy = 0x100;         // NLM_F_CAPPED
    private const ushort Reason = 1;                // NLMSGERR_ATTR_MSG
    private const int MessageHeader = 16;

    /// <summary>The kernel fills at most 32 KiB for a dump.</summary>
    private const int LongestDatagram = 64 << 10;

    /// <summary>Of one list: some ten thousand routes. No pod has that, and each one has a shim.</summary>
    private const int LongestDump = 2 << 20;

    /// <summary>Something else changes the namespace again and again.</summary>
    private const int Tries = 5;

    private readonly string _path;
    private readonly NetworkNamespace _network;
    private readonly NetlinkSocket _socket;
    private readonly byte[] _buffer = new byte[LongestDatagram];

    private Rtnetlink(string path, NetworkNamespace network, NetlinkSocket socket) => (_path, _network, _socket) = (path, network, socket);

    /// <summary>What a message of a list says.</summary>
    public delegate T Take<T>(NetlinkPart message);

    /// <exception cref="ShimException">It is no namespace that a pod may have.</exception>
    public static Rtnetlink Open(string path) => TryOpen(path, out var problem) ?? throw ShimException.Invalid(
        $"The pod's network namespace '{path}' cannot be used: {problem}. A pod of this runtime has a network of its own, without hostNetwork.");

    /// <summary>Null where there is none (any more).</summary>
    public static Rtnetlink? TryOpen(string path) => TryOpen(path, out _);

    /// <summary>Does something on a thread in the namespace.</summary>
    public T Within<T>(Func<T> step) => _network.Within(step);

    /// <returns>The error number, 0 where it was done.</returns>
    public int TryAsk(NetlinkRequest request, out string reason)
    {
        try
        {
            _socket.Send(request.ToBytes());
            foreach (var message in NetlinkReader.OfMessages(_buffer.AsSpan(0, _socket.Receive(_buffer))))
            {
                if (message.Type == ErrorMessage)
                {
                    return ErrorOf(message, out reason);
                }
            }
        }
        catch (Exception e) when (e is IOException or InvalidDataException)
        {
            throw Failure("ask the kernel", e.Message, e);
        }

        throw Failure("ask the kernel", "it did not answer");
    }

    /// <exception cref="ShimException">The kernel refuses.</exception>
    public void Ask(NetlinkRequest request, string what)
    {
        if (TryAsk(request, out var reason) != 0)
        {
            throw Failure(what, reason);
        }
    }

    /// <summary>All of a kind.</summary>
    /// <param name="request">With the flag of a dump.</param>
    /// <param name="type">Of the messages that are taken.</param>
    /// <param name="take">What one says.</param>
    /// <param name="what">For people: "list the ...".</param>
    public IReadOnlyList<T> List<T>(NetlinkRequest request, ushort type, Take<T> take, string what)
    {
        try
        {
            for (var attempt = 0; attempt < Tries; attempt++)
            {
                var found = new List<T>();
                if (TryList(request, type, take, what, found))
                {
                    return found;
                }
            }
        }
        catch (Exception e) when (e is IOException or InvalidDataException)
        {
            throw Failure(what, e.Message, e);
        }

        throw Failure(what, "it changed each time while it was read");
    }

    public int? FindIndex(string name) => LinkEntry.List(this).FirstOrDefault(link => link.Name == name)?.Index;

    /// <exception cref="ShimException">It is not there.</exception>
    public int IndexOf(string name) => FindIndex(name) ?? throw Failure($"find the interface '{name}'", "there is none of that name");

    public void Dispose()
    {
        _socket.Dispose();
        _network.Dispose();
    }

    public ShimException Failure(string what, string reason, Exception? inner = null) =>
        new(StatusCode.Internal, $"Cannot {what} in the pod's network namespace '{_path}': {reason.TrimEnd('.')}.", inner);

    /// <returns>Whether nothing changed meanwhile.</returns>
    private bool TryList<T>(NetlinkRequest request, ushort type, Take<T> take, string what, List<T> found)
    {
        var whole = true;
        _socket.Send(request.ToBytes());
        for (var total = 0; ;)
        {
            var length = _socket.Receive(_buffer);
            total += length;
            if (total > LongestDump)
            {
                throw new InvalidDataException($"there are more than {LongestDump} bytes of them, which no pod has");
            }

            foreach (var message in NetlinkReader.OfMessages(_buffer.AsSpan(0, length)))
            {
                whole &= (message.Flags & Interrupted) == 0;
                if (message.Type is DoneMessage or ErrorMessage)
                {
                    // A kernel without IPv6, or without rules, has none of them.
                    var reason = "";
                    return (message.Body.Length < sizeof(int) ? 0 : ErrorOf(message, out reason)) is 0 or Errno.NotSupported or Errno.NoFamily
                        ? whole
                        : throw Failure(what, reason);
                }

                if (message.Type == type)
                {
                    found.Add(take(message));
                }
            }
        }
    }

    /// <summary>struct nlmsgerr: the number, the request or its header, and words.</summary>
    private static int ErrorOf(NetlinkPart message, out string reason)
    {
        var error = -message.Head<int>();
        reason = Marshal.GetPInvokeErrorMessage(error);
        if ((message.Flags & (WithReasons | ShortCopy)) == (WithReasons | ShortCopy))
        {
            foreach (var part in message.After(sizeof(int) + MessageHeader))
            {
                reason = part.Type == Reason ? $"{reason} ({Encoding.ASCII.GetString(part.Body.TrimEnd((byte)0))})" : reason;
            }
        }

        return error;
    }

    private static Rtnetlink? TryOpen(string path, out string problem)
    {
        NetworkNamespace? network = null;
        try
        {
            network = NetworkNamespace.TryOpen(path, out problem);
            return network is null ? null : new Rtnetlink(path, network, network.Within(NetlinkSocket.Open));
        }
        catch (IOException e)
        {
            network?.Dispose();
            problem = e.Message;
            return null;
        }
    }
}
