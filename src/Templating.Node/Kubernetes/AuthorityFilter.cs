namespace Templating.Node.Kubernetes;

/// <summary>
/// Makes the <c>:authority</c> of a client's HTTP/2 requests one that Kestrel takes. The gRPC of older kubelets (grpc-go
/// before 1.33) sends the socket's path there, and Kestrel resets such streams; no setting of its makes it do otherwise.
/// Each '/' and '%' of the value becomes '-', which has as many bits in HPACK's Huffman code (RFC 7541 appendix B: six): no
/// length changes, so neither frames nor the dynamic table of headers have to be made anew.
/// </summary>
internal sealed class AuthorityFilter
{
    // RFC 9113: the connection preface, a frame's header, the types and flags of the frames that carry headers.
    private const int PrefaceBytes = 24;
    private const int FrameHeaderBytes = 9;
    private const int PriorityBytes = 5;
    private const byte Headers = 1;
    private const byte Continuation = 9;
    private const byte Padded = 0x08;
    private const byte WithPriority = 0x20;

    private readonly byte[] _header = new byte[FrameHeaderBytes];
    private readonly AuthorityHeaders _headers = new();
    private Phase _phase = Phase.Preface;
    private int _count;
    private int _left;
    private int _padding;
    private bool _hasPriority;

    private enum Phase
    {
        Preface,
        FrameHeader,
        PadLength,
        Priority,
        Fragment,
        Skip,
    }

    /// <summary>Changes bytes in place.</summary>
    /// <param name="bytes">The next bytes of the connection, behind those that were kept back.</param>
    /// <param name="seen">How many of them were seen before: 1 after a call that returned true.</param>
    /// <returns>Whether the last byte may yet change and has to be given again before the next ones.</returns>
    public bool Apply(Span<byte> bytes, int seen)
    {
        for (var i = seen; i < bytes.Length; i++)
        {
            Step(bytes, i);
        }

        return _headers.IsWithinSymbol;
    }

    private void Step(Span<byte> bytes, int i)
    {
        switch (_phase)
        {
            case Phase.Preface:
                if (++_count == PrefaceBytes)
                {
                    (_phase, _count) = (Phase.FrameHeader, 0);
                }

                return;
            case Phase.FrameHeader:
                _header[_count++] = bytes[i];
                if (_count == FrameHeaderBytes)
                {
                    _count = 0;
                    BeginFrame();
                }

                return;
            case Phase.PadLength:
                _padding = bytes[i];
                _phase = _hasPriority ? Phase.Priority : Phase.Fragment;
                break;
            case Phase.Priority:
                if (++_count == PriorityBytes)
                {
                    (_phase, _count) = (Phase.Fragment, 0);
                }

                break;
            case Phase.Fragment when _left > _padding:
                _headers.Step(bytes, i);
                break;
            default:
                break;
        }

        if (--_left == 0)
        {
            _phase = Phase.FrameHeader;
        }
    }

    private void BeginFrame()
    {
        _left = (_header[0] << 16) | (_header[1] << 8) | _header[2];
        var (type, flags) = (_header[3], _header[4]);
        _padding = 0;
        _hasPriority = type == Headers && (flags & WithPriority) != 0;
        if (type == Headers)
        {
            _headers.Begin();
        }
        else if (type == Continuation)
        {
            _headers.Interrupt();
        }

        _phase = _left == 0 ? Phase.FrameHeader
            : type == Continuation ? Phase.Fragment
            : type != Headers ? Phase.Skip
            : (flags & Padded) != 0 ? Phase.PadLength
            : _hasPriority ? Phase.Priority
            : Phase.Fragment;
    }
}
