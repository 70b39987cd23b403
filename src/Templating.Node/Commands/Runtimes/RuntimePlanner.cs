using System.Text;
using Templating.Contract;
using Templating.Core.Linux;

namespace Templating.Node.Commands.Runtimes;

/// <summary>Reads what is there and says what is to be changed; changes nothing. All that is in the way is told together.</summary>
internal sealed class RuntimePlanner(RuntimeTarget target, ContainerdAnswer? containerd, Faults faults)
{
    private const int MaxShim = 64 << 20;
    private const int MaxOptions = 64 << 10;
    private const UnixFileMode Program = FileSystem.FolderAbove;
    private const UnixFileMode Readable = FileSystem.ReadableByAll | UnixFileMode.UserWrite;
    private const string DropInName = "templating.toml";
    private const string DropInMark = "# Written by 'templating runtime install' and taken out by 'templating runtime uninstall'; not for editing.\n";
    private const string OptionsMark = "# Written by 'templating runtime install', which writes over changes.\n";

    private const string DefaultOptions = """
        # Written by 'templating runtime install' where nothing was; yours from the first change on.
        daemon = "unix:///run/templating/templating.sock"
        template = "sandbox"

        """;

    public RuntimePlan Install()
    {
        RequireSound();
        var shim = Placed("shim", target.ShimPath, Read(target.Shim, MaxShim, isNeeded: true), MaxShim, Program);
        var options = Placed("options of the shim", target.OptionsPath, Options(), MaxOptions, Readable);
        var config = ConfigWith();
        return new RuntimePlan(
            [shim, options], config is null ? [] : [config], [],
            config is { IsChanged: true } || containerd is { Handlers: { } handlers } && !handlers.Contains(target.Handler));
    }

    public RuntimePlan Uninstall()
    {
        var config = ConfigWithout();
        var options = Read(target.OptionsPath, MaxOptions, isNeeded: false);
        var isOurs = options is not null && Encoding.UTF8.GetString(options) is var text && (text == DefaultOptions || text.StartsWith(OptionsMark, StringComparison.Ordinal));
        var kept = isOurs ? null : options;
        return new RuntimePlan(
            [], config,
            [
                new PlannedFile("options of the shim", target.OptionsPath, options, kept, Readable),
                new PlannedFile("shim", target.ShimPath, Read(target.ShimPath, MaxShim, isNeeded: false), null, Program),
            ],
            config.Any(f => f.IsChanged) || containerd is { Handlers: { } handlers } && handlers.Contains(target.Handler));
    }

    private void RequireSound()
    {
        faults.RequireLabel("--handler", target.Handler);
        faults.Require(target.Handler != "runc", "--handler", "runc is containerd's own runtime; choose another name.");
        if (containerd is null)
        {
            faults.Add("containerd", "It does not answer, so nobody could tell whether it takes the change. Start it first, or say where its socket is by --containerd-socket.");
            return;
        }

        faults.Require(containerd.ServesKubelet, "containerd", "Its CRI plugin does not answer, so that no kubelet can use it. Mend that first; its log says why.");
        faults.Require(
            containerd.SearchPath.Count == 0 || containerd.SearchPath.Contains(target.BinFolder, StringComparer.Ordinal), "--bin-folder",
            $"containerd looks for shims in its PATH, {string.Join(':', containerd.SearchPath)}, and {target.BinFolder} is not there; choose one of these.");
    }

    private byte[]? Options()
    {
        if (target.OptionsFrom is { } from)
        {
            var bytes = Read(from, MaxOptions, isNeeded: true);
            if (bytes is not null && TomlTree.TryParse(Encoding.UTF8.GetString(bytes), out var problem) is null)
            {
                faults.Add(from, $"It cannot be read as TOML: {problem}");
            }

            return [.. Encoding.UTF8.GetBytes(OptionsMark), .. bytes ?? []];
        }

        return Read(target.OptionsPath, MaxOptions, isNeeded: false) ?? Encoding.UTF8.GetBytes(DefaultOptions);
    }

    private PlannedFile? ConfigWith()
    {
        if (ContainerdConfig.Read(target.ConfigPath, faults) is not { } main)
        {
            return null;
        }

        main.RequireKnown(faults);
        RequireNoOther(main);
        if (!main.HasBlock && main.DropInFolder is { } folder)
        {
            var path = Path.Combine(folder, DropInName);
            var old = ReadDropIn(path);
            var text = $"{DropInMark}version = {main.Version}\n\n{RuntimeEntry.Lines(target, main.Plugin, withRunc: false)}";
            return new PlannedFile("configuration of containerd", path, old, Encoding.UTF8.GetBytes(text), Readable);
        }

        var lines = RuntimeEntry.Lines(target, main.Plugin, withRunc: main.Runtimes is null or { Count: 0 });
        var changed = RuntimeBlock.Put(main.Text, lines);
        RequireOnlyThat(main, lines, changed);
        return Changed(main, changed);
    }

    private List<PlannedFile> ConfigWithout()
    {
        var found = new List<PlannedFile>();
        if (FileStamp.TryRead(target.ConfigPath) is null || ContainerdConfig.Read(target.ConfigPath, faults) is not { } main)
        {
            return found;
        }

        var changed = RuntimeBlock.Remove(main.Text);
        // What somebody wrote below the block may belong to its last table, and would go to another one.
        RequireOnlyThat(main, RuntimeBlock.Lines(main.Text), main.Text);
        found.Add(Changed(main, changed));
        if (main.DropInFolder is { } folder && Path.Combine(folder, DropInName) is var path && FileStamp.TryRead(path) is not null)
        {
            found.Add(new PlannedFile("configuration of containerd", path, ReadDropIn(path), null, Readable));
        }

        return found;
    }

    private static PlannedFile Changed(ContainerdConfig config, string text) =>
        new("configuration of containerd", config.Path, Encoding.UTF8.GetBytes(config.Text), Encoding.UTF8.GetBytes(text), Readable);

    private byte[]? ReadDropIn(string path)
    {
        var bytes = Read(path, MaxOptions, isNeeded: false);
        faults.Require(
            bytes is null || Encoding.UTF8.GetString(bytes).StartsWith(DropInMark, StringComparison.Ordinal), path,
            "Somebody else has written it, so it is not changed. Move it away.");
        return bytes;
    }

    /// <summary>Nobody else has a runtime of that name, and no other file takes the main one's place.</summary>
    private void RequireNoOther(ContainerdConfig main)
    {
        RequireNone(main);
        foreach (var path in main.ImportedFiles.Where(p => Path.GetFileName(p) != DropInName && p != main.Path))
        {
            if (ContainerdConfig.Read(path, faults) is not { } imported)
            {
                continue;
            }

            RequireNone(imported);
            faults.Require(
                main.IsVersion3 || containerd is { IsVersion1: false } || TomlTree.Find(imported.Tree, "plugins", main.Plugin) is null, path,
                $"{main.Path} imports it, and containerd 1.x takes all of plugins.\"{main.Plugin}\" from it alone. Name this file by --containerd-config instead, or move that table into {main.Path}.");
        }
    }

    private void RequireNone(ContainerdConfig config) => faults.Require(
        config.Runtimes?.ContainsKey(target.Handler) != true, config.Path,
        $"It has a runtime '{target.Handler}' that 'templating runtime install' has not written. Take it out, or choose another name by --handler.");

    /// <summary>Read as containerd reads it, the new text has what the old one has and the block's tables, and nothing else.</summary>
    private void RequireOnlyThat(ContainerdConfig main, string lines, string changed)
    {
        // Parsed anew: it is merged into.
        var expected = TomlTree.TryParse(RuntimeBlock.Remove(main.Text), out _)!;
        if (main.Runtimes?.ContainsKey(target.Handler) == true)
        {
            return;
        }

        var problem = "";
        if (TomlTree.TryParse(lines, out _) is not { } added || !TomlTree.TryMerge(expected, added)
            || TomlTree.TryParse(changed, out problem) is not { } found || !TomlTree.Same(expected, found))
        {
            faults.Add(main.Path, $"A runtime cannot be added to it or taken out of it by lines of its own ({(problem.Length > 0 ? problem : "the result would say something else")}): write its runtimes as tables, [plugins.\"{main.Plugin}\".containerd.runtimes.NAME], and nothing without a table of its own below those of 'templating runtime install'.");
        }
    }

    private PlannedFile Placed(string what, string path, byte[]? wanted, int maxBytes, UnixFileMode mode) =>
        new(what, path, Read(path, maxBytes, isNeeded: false), wanted, mode);

    private byte[]? Read(string path, int maxBytes, bool isNeeded)
    {
        if (!isNeeded && FileStamp.TryRead(path) is null)
        {
            return null;
        }

        try
        {
            return SmallFile.Read(path, maxBytes);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            faults.Add(path, e.Message);
            return null;
        }
    }
}
