using System.Text.Json.Nodes;
using Spectre.Console;
using Templating.Api.Client;
using Templating.Cli.Base;
using Templating.Cli.Exits;
using Templating.Cli.Output;
using Templating.Cli.Terminals;
using Templating.Contract;
using Templating.Core.Clones;
using Templating.Core.Machines;
using Templating.Node.Options;
using Templating.Terminal.Tables;
using Templating.V1;

namespace Templating.Node.Commands.Doctor;

internal static class DoctorCommand
{
    private static readonly TimeSpan DaemonPatience = TimeSpan.FromSeconds(2);

    private static readonly IReadOnlyList<IHostCheck> Checks =
    [
        new PlatformCheck(),
        new QemuCheck(),
        new MemoryCheck(),
        new OptionsCheck(),
        // What a build asks for: of the smallest machine, and of one whose spec says nothing.
        new FolderCheck(
            "store folder", t => t.StorePath, "--store-path",
            fail: t => t.Store.RoomFor(MemoryRules.Least), warn: t => t.Store.RoomFor(MemoryRules.Default)),
        new FolderCheck("run folder", t => t.RunPath, "--run-path", fail: _ => CloneRecordFile.MaxBytes, warn: _ => CloneRecordFile.MaxBytes),
        new FileSystemCheck(),
        new ToolsCheck(),
    ];

    /// <param name="vmm">Makes a virtual machine monitor of the QEMU that is named; null for the one in the PATH.</param>
    public static CliCommand Create(Globals globals, Func<string?, IVmm> vmm)
    {
        var store = OptionKinds.Text("--store-path", "FOLDER", "The store (default /var/lib/templating)");
        var run = OptionKinds.Text("--run-path", "FOLDER", "Sockets and running clones (default /run/templating)");
        var qemu = OptionKinds.Text("--qemu-path", "FILE", "The QEMU binary (default: the one in the PATH)");
        var command = new CliCommand(
            "doctor",
            "Checks whether this machine can serve, without a daemon, and says what to do. Fails where anything must be done.",
            "templating doctor",
            "templating doctor -o json",
            "templating doctor --store-path /srv/templating")
        {
            store, run, qemu,
        };
        return globals.Run(command, async (context, cancellationToken) =>
        {
            var defaults = new NodeOptions();
            var target = new DoctorTarget
            {
                StorePath = Path.GetFullPath(context.Get(store) ?? defaults.StorePath),
                RunPath = Path.GetFullPath(context.Get(run) ?? defaults.RunPath),
                Vmm = vmm(context.Get(qemu)),
                SearchPath = globals.Host.Environment("PATH") ?? "",
                User = LibC.EffectiveUser(),
            };
            using var disposable = target.Vmm as IDisposable;
            var findings = new List<Finding>();
            foreach (var check in Checks)
            {
                findings.AddRange(await check.RunAsync(target, cancellationToken));
            }

            findings.Add(await DaemonAsync(context, cancellationToken));
            Print(context, findings);
            return findings.Exists(f => f.Verdict == Verdict.Fail) ? ExitCode.Failure : ExitCode.Ok;
        });
    }

    private static async Task<Finding> DaemonAsync(CliContext context, CancellationToken cancellationToken)
    {
        try
        {
            var deadline = context.Host.Clock.GetUtcNow().UtcDateTime + DaemonPatience;
            var node = await context.Client.Node.GetNodeAsync(new GetNodeRequest(), deadline: deadline, cancellationToken: cancellationToken);
            return new Finding("daemon", Verdict.Info, $"{node.Version} answers at {context.Address}{(node.Problem.Length > 0 ? $", and says: {node.Problem}" : "")}");
        }
        catch (TemplatingClientException e)
        {
            return new Finding("daemon", Verdict.Info, (ConnectionProblem.Of(context, e)?.Message ?? e.Message).TrimEnd('.'));
        }
    }

    private static void Print(CliContext context, List<Finding> findings)
    {
        context.Print(
            [
                new Column<Finding>("RESULT", f => Word(f.Verdict), Colour: f => Colour(f.Verdict)),
                new Column<Finding>("CHECK", f => f.Check),
                new Column<Finding>("FOUND", f => f.Found),
            ],
            findings,
            () => new JsonObject
            {
                ["checks"] = new JsonArray([.. findings.Select(f => (JsonNode)new JsonObject
                {
                    ["check"] = f.Check,
                    ["result"] = Word(f.Verdict),
                    ["found"] = f.Found,
                    ["advice"] = f.Advice,
                })]),
            },
            f => f.Check);
        if (context.Format != OutputFormat.Table)
        {
            return;
        }

        foreach (var finding in findings.Where(f => f.Advice.Length > 0))
        {
            context.Host.Out.WriteLine($"{Word(finding.Verdict)}: {finding.Check}: {PlainText.Of(finding.Advice)}");
        }
    }

    private static string Word(Verdict verdict) => verdict.ToString().ToLowerInvariant();

    private static Color? Colour(Verdict verdict) => verdict switch
    {
        Verdict.Pass => Color.Green,
        Verdict.Warn => Color.Yellow,
        Verdict.Fail => Color.Red,
        _ => null,
    };
}
