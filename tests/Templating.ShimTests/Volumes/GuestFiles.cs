using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Text;
using Templating.OwnerPort.Conversations;
using Templating.OwnerPort.Frames;
using Templating.UnitTests.OwnerPort;

namespace Templating.ShimTests.Volumes;

internal sealed record GuestFile(byte Kind, uint Mode, uint User, uint Group, string Data)
{
    public const byte File = 0;
    public const byte Folder = 2;
    public const byte Link = 3;
}

/// <summary>A guest that has roots and files, and nothing else.</summary>
internal sealed class GuestFiles : IAsyncDisposable
{
    private const uint NotThere = 2;

    private readonly ScriptedGuest _guest;
    private readonly Task _serving;

    public GuestFiles()
    {
        (Host, _guest) = ScriptedGuest.Begin();
        _serving = Task.Run(ServeAsync);
    }

    public OwnerPortConnection Host { get; }

    /// <summary>Bytes, by name.</summary>
    public ConcurrentDictionary<string, ulong> Roots { get; } = new();

    /// <summary>By root:path.</summary>
    public ConcurrentDictionary<string, GuestFile> Files { get; } = new();

    public ConcurrentQueue<string> Done { get; } = new();

    /// <summary>After each of them.</summary>
    public Action? Step { get; set; }

    /// <summary>The errno by which all is refused; 0 for not.</summary>
    public uint Refuse { get; set; }

    /// <summary>Answers of files wait until so many have come.</summary>
    public int Together { get; set; }

    public string? Text(string path) => Files.GetValueOrDefault("volumes:" + path)?.Data;

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        _guest.Dispose();
        await _serving;
    }

    private async Task ServeAsync()
    {
        var waiting = new List<uint>();
        try
        {
            while (true)
            {
                var (type, stream, payload) = await _guest.ReadAsync();
                var (errno, answer) = Refuse != 0 ? (Refuse, []) : type == FrameType.Mount ? Mount(payload) : type == FrameType.Place ? Place(payload) : Read(payload);
                if (waiting.Count + 1 < Together && type == FrameType.Place && IsFile(payload))
                {
                    waiting.Add(stream);
                    continue;
                }

                foreach (var earlier in waiting)
                {
                    await _guest.SendAsync(FrameType.Done, earlier, []);
                }

                waiting.Clear();
                await (errno == 0 ? _guest.SendAsync(FrameType.Done, stream, answer) : _guest.SendAsync(FrameType.Error, stream, [.. ScriptedGuest.Number(errno), .. "no"u8]));
                Step?.Invoke();
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or TimeoutException)
        {
            // The test is over.
        }
    }

    private static bool IsFile(Span<byte> rest) => Take(ref rest) is not null && Take(ref rest) is not null && rest[0] == GuestFile.File;

    private static string Take(ref Span<byte> from)
    {
        var length = BinaryPrimitives.ReadUInt16LittleEndian(from);
        var text = Encoding.UTF8.GetString(from.Slice(2, length));
        from = from[(2 + length)..];
        return text;
    }

    private (uint, byte[]) Mount(Span<byte> rest)
    {
        var name = Take(ref rest);
        // No image; then the upper's kind and bytes.
        Roots[name] = BinaryPrimitives.ReadUInt64LittleEndian(rest[4..]);
        return (0, Encoding.ASCII.GetBytes($"/run/templating/roots/{name}/root\n\n\n"));
    }

    private (uint, byte[]) Place(Span<byte> rest)
    {
        var at = $"{Take(ref rest)}:{Take(ref rest)}";
        var kind = rest[0];
        var file = new GuestFile(
            kind, BinaryPrimitives.ReadUInt32LittleEndian(rest[1..]), BinaryPrimitives.ReadUInt32LittleEndian(rest[5..]),
            BinaryPrimitives.ReadUInt32LittleEndian(rest[9..]), Encoding.UTF8.GetString(rest[13..]));
        Done.Enqueue($"{kind} {at}");
        switch (kind)
        {
            case 1:
                Files[at] = Files[at] with { Data = Files[at].Data + file.Data };
                return (0, []);
            case 4:
                return Files.Keys.Any(path => path.StartsWith(at + "/", StringComparison.Ordinal)) ? (39u, [])
                    : (Files.TryRemove(at, out _) ? 0 : NotThere, []);
            default:
                Files[at] = file;
                return (0, []);
        }
    }

    private (uint, byte[]) Read(Span<byte> rest)
    {
        var at = $"{Take(ref rest)}:{Take(ref rest)}";
        var most = BinaryPrimitives.ReadInt32LittleEndian(rest);
        return Files.TryGetValue(at, out var file) ? (0, Encoding.UTF8.GetBytes(file.Data[Math.Max(0, file.Data.Length - most)..])) : (NotThere, []);
    }
}
