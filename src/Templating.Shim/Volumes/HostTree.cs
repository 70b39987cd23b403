using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Templating.Core.Linux;

namespace Templating.Shim.Volumes;

/// <param name="Path">Below the source; empty for the source itself.</param>
/// <param name="Stamp">What it was when it was looked at.</param>
/// <param name="Target">Of a link; else null.</param>
internal sealed record HostEntry(string Path, FileStamp Stamp, string? Target)
{
    /// <summary>Whether a guest that has the other has this.</summary>
    public bool IsSame(HostEntry other) =>
        Target == other.Target && (Stamp.Mode, Stamp.Uid, Stamp.Gid) == (other.Stamp.Mode, other.Stamp.Uid, other.Stamp.Gid)
        && (Stamp.IsFolder || Stamp.IsLink || Stamp.SameContent(other.Stamp));
}

/// <summary>
/// A file or folder of the host, held open and looked at once, with limits. No link in it is followed: they are taken over as they are.
/// Of a folder that kubelet writes (a link ..data leads to the one that counts) only what counts is seen.
/// </summary>
internal sealed class HostTree : IDisposable
{
    private const int MaxEntries = 4096;
    private const int MaxDepth = 16;
    private const long MaxBytes = 16L << 20;

    public const string Current = "..data";

    private readonly string _source;
    private readonly SafeFileHandle _root;
    private readonly List<HostEntry> _entries = [];
    private long _bytes;

    private HostTree(string source)
    {
        _source = source;
        _root = FileSystem.Open(source, LibC.OpenReadOnly);
        try
        {
            Add("", FileStamp.Read(_root, source), _root);
        }
        catch
        {
            _root.Dispose();
            throw;
        }
    }

    public IReadOnlyList<HostEntry> Entries => _entries;

    /// <summary>In an order in which a reader finds each set of files whole: folders, files, what makes them current, what leads there.</summary>
    public IEnumerable<IReadOnlyList<HostEntry>> Steps => _entries.GroupBy(Rank).OrderBy(step => step.Key)
        .Select(step => step.OrderBy(entry => entry.Path, StringComparer.Ordinal).ToList());

    /// <exception cref="IOException">It is not there, is no file or folder, is larger than a copy may be, or changes just now.</exception>
    public static HostTree Open(string source) => new(source);

    /// <exception cref="IOException">It is not what it was any more.</exception>
    public Stream Read(HostEntry entry)
    {
        var path = Path.Combine(_source, entry.Path);
        var file = entry.Path.Length == 0 ? FileSystem.Open(path, LibC.OpenReadOnly) : OpenBelow(entry.Path);
        if (!FileStamp.Read(file, path).SameContent(entry.Stamp))
        {
            file.Dispose();
            throw new IOException($"{path} changed while it was being copied.");
        }

        // Not longer than it was judged to be, whatever is written to it now.
        return new FileStream(file, FileAccess.Read, bufferSize: 0);
    }

    public void Dispose() => _root.Dispose();

    private static int Rank(HostEntry entry) => entry switch
    {
        { Stamp.IsFolder: true } => 0,
        { Target: null } => 1,
        { Path: Current } => 2,
        _ => 3,
    };

    private void Add(string path, FileStamp stamp, SafeFileHandle opened)
    {
        var shown = Path.Combine(_source, path);
        if (_entries.Count == MaxEntries || path.Count(c => c == '/') >= MaxDepth || (_bytes += stamp.IsRegularFile ? stamp.Size : 0) > MaxBytes)
        {
            throw new IOException(
                $"{_source} is too large to be copied into a VM: at most {MaxEntries} entries, {MaxDepth} folders deep, and {MaxBytes >> 20} MiB in all.");
        }

        if (stamp.IsRegularFile)
        {
            _entries.Add(new HostEntry(path, stamp, null));
            return;
        }

        if (!stamp.IsFolder)
        {
            throw new IOException($"{shown} is {stamp.Kind}; only files, folders and links are copied into a VM.");
        }

        _entries.Add(new HostEntry(path, stamp, null));
        // What was opened, wherever it has been moved to since.
        var here = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"/proc/self/fd/{opened.DangerousGetHandle()}");
        // Read before the names are: it leads to a folder that is whole.
        var current = path.Length == 0 ? new FileInfo($"{here}/{Current}").LinkTarget : null;
        foreach (var name in Directory.EnumerateFileSystemEntries(here).Select(entry => Path.GetFileName(entry)!))
        {
            if (current is null || !name.StartsWith("..", StringComparison.Ordinal) || name == Current || name == current)
            {
                AddBelow(here, path, name, current);
            }
        }

        if (current is not null && _entries.TrueForAll(entry => entry.Path != current))
        {
            throw new IOException($"{shown} changes just now.");
        }
    }

    private void AddBelow(string here, string folder, string name, string? current)
    {
        var path = folder.Length == 0 ? name : $"{folder}/{name}";
        var stamp = FileStamp.TryRead($"{here}/{name}") ?? throw new IOException($"{Path.Combine(_source, path)} is gone, or its name is no UTF-8.");
        if (stamp.IsLink)
        {
            var target = name == Current && current is not null ? current : new FileInfo($"{here}/{name}").LinkTarget;
            _entries.Add(new HostEntry(path, stamp, target ?? throw new IOException($"{Path.Combine(_source, path)} changes just now.")));
        }
        else if (stamp.IsFolder)
        {
            using var below = OpenBelow(path);
            Add(path, FileStamp.Read(below, path), below);
        }
        else
        {
            Add(path, stamp, _root);
        }
    }

    private SafeFileHandle OpenBelow(string path) =>
        TreeCalls.TryOpenBeneath(_root, path, LibC.OpenReadOnly | LibC.OpenNonBlock)
        ?? throw FileSystem.Error(Marshal.GetLastPInvokeError(), "open", Path.Combine(_source, path));
}
