using System.CommandLine;
using Templating.Cli.Base;

namespace Templating.Node.Commands.Runtimes;

/// <summary>What the commands have in common.</summary>
internal sealed class RuntimeOptions
{
    private static readonly RuntimeTarget Defaults = new() { Shim = "" };
    private static readonly TimeSpan DefaultPatience = TimeSpan.FromSeconds(60);

    private readonly Option<string?> _handler = OptionKinds.Text("--handler", "NAME", $"The runtime's name in containerd (default {Defaults.Handler})");
    private readonly Option<string?> _shim = OptionKinds.Text("--shim", "FILE", $"The shim to place (default: {RuntimeTarget.ShimName} beside this program)");
    private readonly Option<string?> _binFolder = OptionKinds.Text("--bin-folder", "DIR", $"Where it is placed, in containerd's PATH (default {Defaults.BinFolder})");
    private readonly Option<string?> _config = OptionKinds.Text("--containerd-config", "FILE", $"containerd's configuration (default {Defaults.ConfigPath})");
    private readonly Option<string?> _socket = OptionKinds.Text("--containerd-socket", "FILE", $"containerd's socket (default {DefaultSocket})");
    private readonly Option<string?> _optionsPath = OptionKinds.Text("--options-path", "FILE", $"The shim's own options on this host (default {Defaults.OptionsPath})");
    private readonly Option<string?> _optionsFrom = OptionKinds.Text("--options-from", "FILE", "What to put there (default: what is there, or options that suit this package)");
    private readonly Option<string?> _restart = OptionKinds.Text(
        "--restart-command", "COMMAND", $"Restarts containerd, run by a shell on the host (default '{DefaultRestart}'); empty where you restart it");

    private readonly Option<TimeSpan?> _wait = OptionKinds.Duration("--wait", $"For each wait for containerd (default {DefaultPatience.TotalSeconds:0}s)");

    private const string DefaultSocket = "/run/containerd/containerd.sock";
    private const string DefaultRestart = "systemctl restart containerd";

    public void AddTo(CliCommand command, bool changes)
    {
        Option[] all = changes
            ? [_handler, _shim, _binFolder, _config, _socket, _optionsPath, _optionsFrom, _restart, _wait]
            : [_handler, _shim, _binFolder, _config, _socket, _optionsPath, _optionsFrom];
        foreach (var option in all)
        {
            command.Add(option);
        }
    }

    public RuntimeTarget Target(CliContext context) => new()
    {
        Handler = context.Get(_handler) ?? Defaults.Handler,
        Shim = Path.GetFullPath(context.Get(_shim) ?? Path.Combine(AppContext.BaseDirectory, RuntimeTarget.ShimName)),
        BinFolder = Path.TrimEndingDirectorySeparator(Path.GetFullPath(context.Get(_binFolder) ?? Defaults.BinFolder)),
        ConfigPath = Path.GetFullPath(context.Get(_config) ?? Defaults.ConfigPath),
        OptionsPath = Path.GetFullPath(context.Get(_optionsPath) ?? Defaults.OptionsPath),
        OptionsFrom = context.Get(_optionsFrom) is { } from ? Path.GetFullPath(from) : null,
    };

    public string Socket(CliContext context) => Path.GetFullPath(context.Get(_socket) ?? DefaultSocket);

    public string Restart(CliContext context) => context.Get(_restart) ?? DefaultRestart;

    public TimeSpan Patience(CliContext context) => context.Get(_wait) ?? DefaultPatience;
}
