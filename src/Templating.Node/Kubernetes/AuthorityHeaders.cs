namespace Templating.Node.Kubernetes;

/// <summary>Walks through a block of HPACK headers (RFC 7541) byte by byte and rewrites the value of <c>:authority</c>.</summary>
internal sealed class AuthorityHeaders
{
    /// <summary>Of ":authority" in the static table.</summary>
    private const int AuthorityIndex = 1;

    // A header's string is far below; what is longer is refused by Kestrel.
    private const int MaxInteger = 1 << 24;

    // Huffman codes (RFC 7541 appendix B) of '/', '%' and '-', six bits each.
    private const int Slash = 0x18;
    private const int Percent = 0x15;
    private const int Dash = 0x16;
    private const int DashBits = 6;

    /// <summary>The code is canonical: a prefix of n bits below the n-th limit is a whole symbol. 0 where no symbol ends.</summary>
    private static readonly int[] Limits = [0, 0, 0, 0, 0, 0x0a, 0x2e, 0x7c, 0xfe, 0, 0x3fd, 0x7fd, 0xffc, 0x1ffe, 0x3ffe, 0x7fff];

    private Part _part;
    private Meaning _meaning;
    private int _value;
    private int _shift;
    private int _left;
    private bool _isAuthority;
    private bool _isHuffman;
    private int _code;
    private int _bits;
    private bool _isLost;
    private bool _wasInterrupted;

    private enum Part
    {
        Field,
        Integer,
        Length,
        Text,
    }

    private enum Meaning
    {
        Nothing,
        NameIndex,
        NameLength,
        ValueLength,
    }

    /// <summary>Whether the last byte holds the beginning of a symbol that may have to change.</summary>
    public bool IsWithinSymbol => !_isLost && _part == Part.Text && _isAuthority && _isHuffman && _meaning == Meaning.ValueLength && _bits > 0;

    public void Begin()
    {
        _part = Part.Field;
        _isLost = _wasInterrupted = false;
    }

    /// <summary>The byte before the next one is not of this block: no symbol can be changed across.</summary>
    public void Interrupt() => _wasInterrupted = true;

    public void Step(Span<byte> bytes, int i)
    {
        if (_isLost)
        {
            return;
        }

        switch (_part)
        {
            case Part.Field:
                BeginField(bytes[i]);
                break;
            case Part.Integer:
                Continue(bytes[i]);
                break;
            case Part.Length:
                _isHuffman = (bytes[i] & 0x80) != 0;
                BeginInteger(bytes[i], prefixBits: 7);
                break;
            default:
                StepText(bytes, i);
                break;
        }

        _wasInterrupted = false;
    }

    private void BeginField(byte first)
    {
        (_meaning, var prefix) = first switch
        {
            >= 0x80 => (Meaning.Nothing, 7),    // indexed
            >= 0x40 => (Meaning.NameIndex, 6),  // literal, to be indexed
            >= 0x20 => (Meaning.Nothing, 5),    // size of the table
            _ => (Meaning.NameIndex, 4),        // literal
        };
        BeginInteger(first, prefix);
    }

    private void BeginInteger(byte first, int prefixBits)
    {
        var most = (1 << prefixBits) - 1;
        _value = first & most;
        _shift = 0;
        if (_value < most)
        {
            EndInteger();
        }
        else
        {
            _part = Part.Integer;
        }
    }

    private void Continue(byte next)
    {
        _value += (next & 0x7f) << _shift;
        _shift += 7;
        if (_value > MaxInteger || _shift > 21)
        {
            _isLost = true;
        }
        else if ((next & 0x80) == 0)
        {
            EndInteger();
        }
    }

    private void EndInteger()
    {
        switch (_meaning)
        {
            case Meaning.NameIndex:
                _isAuthority = _value == AuthorityIndex;
                _meaning = _value == 0 ? Meaning.NameLength : Meaning.ValueLength;
                _part = Part.Length;
                break;
            case Meaning.NameLength or Meaning.ValueLength:
                (_left, _code, _bits) = (_value, 0, 0);
                _part = Part.Text;
                EndTextIfDone();
                break;
            default:
                _part = Part.Field;
                break;
        }
    }

    private void StepText(Span<byte> bytes, int i)
    {
        if (_isAuthority && _meaning == Meaning.ValueLength)
        {
            if (_isHuffman)
            {
                RewriteSymbols(bytes, i);
            }
            else if (bytes[i] is (byte)'/' or (byte)'%')
            {
                bytes[i] = (byte)'-';
            }
        }

        _left--;
        EndTextIfDone();
    }

    private void EndTextIfDone()
    {
        if (_left == 0)
        {
            (_part, _meaning) = _meaning == Meaning.NameLength ? (Part.Length, Meaning.ValueLength) : (Part.Field, Meaning.Nothing);
        }
    }

    private void RewriteSymbols(Span<byte> bytes, int i)
    {
        var read = bytes[i];
        for (var place = 7; place >= 0; place--)
        {
            _code = (_code << 1) | ((read >> place) & 1);
            _bits++;
            if (_bits >= Limits.Length)
            {
                // No character of a path or host is as long: Kestrel refuses it.
                _isLost = true;
                return;
            }

            if (_code >= Limits[_bits])
            {
                continue;
            }

            if (_bits == DashBits && _code is Slash or Percent)
            {
                Change(bytes, i, (_code ^ Dash) << place);
            }

            (_code, _bits) = (0, 0);
        }
    }

    /// <param name="flips">Bits to flip: the lower eight of this byte, those above of the one before.</param>
    private void Change(Span<byte> bytes, int i, int flips)
    {
        if (flips <= 0xff)
        {
            bytes[i] ^= (byte)flips;
        }
        else if (i > 0 && !_wasInterrupted)
        {
            bytes[i] ^= (byte)flips;
            bytes[i - 1] ^= (byte)(flips >> 8);
        }
    }
}
