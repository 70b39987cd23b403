using System.Globalization;
using System.Text;
using Templating.Contract;
using Templating.Core.Linux;
using Tomlyn.Model;

namespace Templating.Node.Commands.Runtimes;

/// <summary>A configuration file of containerd's; what it says without our block.</summary>
internal sealed class ContainerdConfig
{
    // Of containerd's own default a few KiB.
    private const int MaxBytes = 1 << 20;
    private const int Version2 = 2;
    private const int Version3 = 3;

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private ContainerdConfig(string path, string text, TomlTable tree)
    {
        Path = path;
        Text = text;
        Tree = tree;
    }

    public string Path { get; }

    public string Text { get; }

    public TomlTable Tree { get; }

    /// <summary>1 where it says none.</summary>
    public long Version => Tree.TryGetValue("version", out var value) && value is long number ? number : 1;

    public bool IsVersion3 => Version == Version3;

    public bool HasBlock => RuntimeBlock.IsIn(Text);

    /// <summary>The plugin that has the kubelet's runtimes.</summary>
    public string Plugin => IsVersion3 ? "io.containerd.cri.v1.runtime" : "io.containerd.grpc.v1.cri";

    public TomlTable? PluginTable => TomlTree.Find(Tree, "plugins", Plugin);

    public TomlTable? Runtimes => TomlTree.Find(Tree, "plugins", Plugin, "containerd", "runtimes");

    /// <returns>Null where there is none, or it cannot be read; the faults say why.</returns>
    public static ContainerdConfig? Read(string path, Faults faults)
    {
        string text;
        try
        {
            text = Strict.GetString(SmallFile.Read(path, MaxBytes));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            faults.Add(path, FileStamp.TryRead(path) switch
            {
                null => "There is no such file. Make containerd's configuration ('containerd config default >FILE'), or say where it is by --containerd-config.",
                { IsLink: true } => "It is a symbolic link; name the file it leads to by --containerd-config.",
                _ => e is ArgumentException ? "It is not UTF-8, so it is not TOML." : e.Message,
            });
            return null;
        }

        return Of(path, text, faults);
    }

    public static ContainerdConfig? Of(string path, string text, Faults faults)
    {
        if (!RuntimeBlock.IsWhole(text))
        {
            faults.Add(path, "The lines of 'templating runtime install' in it were changed: a mark of their beginning or end is missing or there twice. Take them out by hand.");
            return null;
        }

        if (TomlTree.TryParse(text, out var problem) is null || TomlTree.TryParse(RuntimeBlock.Remove(text), out problem) is not { } tree)
        {
            faults.Add(path, $"It cannot be read as TOML, so it is not changed: {problem}");
            return null;
        }

        return new ContainerdConfig(path, text, tree);
    }

    /// <summary>What would keep the kubelet's runtimes from being where they are written.</summary>
    public void RequireKnown(Faults faults)
    {
        faults.Require(
            Version is Version2 or Version3, Path,
            $"Its version is {Version.ToString(CultureInfo.InvariantCulture)}, and only 2 and 3 are known. Make it one of these by 'containerd config migrate'.");
        var off = TomlTree.Texts(Tree, "disabled_plugins").Where(p => p is "cri" || string.Equals(p, Plugin, StringComparison.Ordinal)).ToList();
        faults.Require(off.Count == 0, Path, $"Its disabled_plugins have {string.Join(" and ", off)}: this containerd serves no kubelet. Take that out first.");
    }

    /// <summary>
    /// The folder of which containerd takes in all files that are there, where one is safe to use: containerd 1.x would replace all that
    /// the main file says of a plugin by what one of these says (containerd#5837), so that is for version 3 alone.
    /// </summary>
    public string? DropInFolder => !IsVersion3 ? null : Imports
        .Where(i => System.IO.Path.GetFileName(i) == "*.toml" && System.IO.Path.GetDirectoryName(i) is { } folder && !folder.Contains('*', StringComparison.Ordinal))
        .Select(System.IO.Path.GetDirectoryName).FirstOrDefault();

    /// <summary>The files that it takes in, in containerd's order.</summary>
    public IEnumerable<string> ImportedFiles => Imports.SelectMany(Matching);

    private IEnumerable<string> Imports => TomlTree.Texts(Tree, "imports")
        .Select(i => System.IO.Path.GetFullPath(i, System.IO.Path.GetDirectoryName(Path) ?? "/"));

    /// <summary>Of patterns those whose last part alone is one: others are nobody's habit, and a file that is not looked at is one that is not changed.</summary>
    private static IEnumerable<string> Matching(string pattern)
    {
        var folder = System.IO.Path.GetDirectoryName(pattern) ?? "/";
        var name = System.IO.Path.GetFileName(pattern);
        return !name.Contains('*', StringComparison.Ordinal) ? File.Exists(pattern) ? [pattern] : []
            : Directory.Exists(folder) ? Directory.EnumerateFiles(folder, name).Order(StringComparer.Ordinal)
            : [];
    }
}
