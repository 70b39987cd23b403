using System.Buffers;
using System.Globalization;
using Templating.Core.Errors;
using Templating.Core.Machines;

namespace Templating.Qemu.Memory;

/// <summary>Reads what a process costs, from its smaps (proc_pid_smaps(5)).</summary>
internal static class MemoryReader
{
    // A QEMU has some 15,000 lines there. As strings they would be more than a megabyte of garbage for each look.
    private const int BufferChars = 16 * 1024;

    public static VmMemory Read(int pid, IReadOnlyList<GuestFile> files)
    {
        try
        {
            using var reader = new StreamReader($"/proc/{pid}/smaps");
            return Parse(reader, files);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw HostFailure.Find(e) ?? new TemplatingException(ErrorCode.QemuExited, $"The memory of process {pid} cannot be read: {e.Message}", e);
        }
    }

    public static VmMemory Parse(TextReader smaps, IReadOnlyList<GuestFile> files)
    {
        var account = new Account(files);
        var buffer = ArrayPool<char>.Shared.Rent(BufferChars);
        try
        {
            var end = 0;
            for (int read; (read = smaps.Read(buffer, end, buffer.Length - end)) > 0;)
            {
                end += read;
                var start = 0;
                for (int length; (length = buffer.AsSpan(start, end - start).IndexOf('\n')) >= 0; start += length + 1)
                {
                    account.Add(buffer.AsSpan(start, length));
                }

                // A line that fills the buffer is none of the kernel's (paths end at 4096 bytes); it is dropped in parts.
                end = end - start == buffer.Length ? 0 : end - start;
                buffer.AsSpan(start, end).CopyTo(buffer);
            }

            account.Add(buffer.AsSpan(0, end));
            return account.Sum;
        }
        finally
        {
            ArrayPool<char>.Shared.Return(buffer);
        }
    }

    private sealed class Account(IReadOnlyList<GuestFile> files)
    {
        private long _resident;
        private long _proportional;
        private long _shared;
        private long _private;
        private long _ram;
        private long _image;
        private long _files;
        private long _filesProportional;
        private long _translated;
        private long _qemu;
        private MemoryRole? _role;
        private bool _isCode;
        private long _mappingProportional;

        public VmMemory Sum => new(_resident, _proportional, _shared, _private, _ram, _image)
        {
            FilesResident = _files,
            FilesProportional = _filesProportional,
            TranslatedCode = _translated,
            QemuPrivate = _qemu,
        };

        public void Add(ReadOnlySpan<char> line)
        {
            // A mapping's line begins with a hex digit and names no field: "Rss:  12 kB" is a field.
            if (Field(line, out var name) is not { } bytes)
            {
                if (Mapping.Parse(line) is { } mapping)
                {
                    _role = files.FirstOrDefault(f => f.Is(mapping))?.Role;
                    // Code of programs and libraries is a file's; what is anonymous was made by the translator.
                    _isCode = mapping is { Executable: true, File: null, Path.Length: 0 };
                }

                return;
            }

            switch (name)
            {
                case "Rss":
                    _resident += bytes;
                    _files += IsFiles ? bytes : 0;
                    break;
                case "Pss":
                    _proportional += bytes;
                    _mappingProportional = bytes;
                    _filesProportional += IsFiles ? bytes : 0;
                    break;
                case "Shared_Clean" or "Shared_Dirty":
                    _shared += bytes;
                    break;
                case "Private_Clean" or "Private_Dirty":
                    _private += bytes;
                    // A template's RAM is a file that only it maps: its cost is all of it.
                    _ram += _role is MemoryRole.TemplateRam ? bytes : 0;
                    _translated += _role is null && _isCode ? bytes : 0;
                    _qemu += _role is null && !_isCode ? bytes : 0;
                    break;
                case "Anonymous" when _role is MemoryRole.CloneRam:
                    _ram += bytes;
                    // Its own pages are no longer the file's, and nobody shares them.
                    _files -= bytes;
                    _filesProportional -= Math.Min(bytes, _mappingProportional);
                    break;
                case "Anonymous" when _role is MemoryRole.Image:
                    _image += bytes;
                    break;
            }
        }

        /// <summary>Pages of files that other VMs map as well.</summary>
        private bool IsFiles => _role is MemoryRole.CloneRam or MemoryRole.Image;

        private static long? Field(ReadOnlySpan<char> line, out ReadOnlySpan<char> name)
        {
            var colon = line.IndexOf(':');
            name = colon > 0 ? line[..colon] : default;
            return colon > 0 && !name.Contains(' ') && line.EndsWith(" kB", StringComparison.Ordinal) && line.Length - colon > 4
                && long.TryParse(line[(colon + 1)..^3], NumberStyles.AllowLeadingWhite, null, out var kilobytes)
                && kilobytes < long.MaxValue / 1024
                ? kilobytes * 1024
                : null;
        }
    }
}
