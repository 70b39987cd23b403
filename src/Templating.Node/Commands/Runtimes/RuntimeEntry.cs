namespace Templating.Node.Commands.Runtimes;

/// <summary>What containerd is told of the runtime.</summary>
internal static class RuntimeEntry
{
    /// <summary>containerd finds the shim's name by it: containerd-shim-templating-v2.</summary>
    private const string RuntimeType = "io.containerd.templating.v2";

    /// <summary>Annotations of pods that the shim is told of.</summary>
    private const string Annotations = "templating.dev/*";

    /// <param name="plugin">The plugin that has the kubelet's runtimes.</param>
    /// <param name="withRunc">
    /// Whether runc's is written, too, as containerd has it by itself: the first runtime that a file has takes the place of that in 1.x, and
    /// without it no pod of the node would start.
    /// </param>
    public static string Lines(RuntimeTarget target, string plugin, bool withRunc)
    {
        var table = $"plugins.{TomlTree.Text(plugin)}.containerd.runtimes";
        var runc = !withRunc ? "" : $"""
            [{table}.runc]
              runtime_type = "io.containerd.runc.v2"


            """;
        return runc + $"""
            [{table}.{target.Handler}]
              runtime_type = "{RuntimeType}"
              pod_annotations = ["{Annotations}"]

              [{table}.{target.Handler}.options]
                ConfigPath = {TomlTree.Text(target.OptionsPath)}

            """;
    }
}
