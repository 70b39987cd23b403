using System.CommandLine;
using Grpc.Core;
using Templating.Cli.Base;
using Templating.Cli.Clones;
using Templating.Cli.Exits;
using Templating.Cli.Templates;
using Templating.V1;

namespace Templating.Cli.Sandboxes;

/// <summary>What a shim does, by hand: for trying it out, and for scripts.</summary>
internal static class SandboxHoldCommand
{
    // PID_MAX_LIMIT of 64-bit Linux.
    private const int MaxPid = 1 << 22;

    public static CliCommand Create(Globals globals)
    {
        var template = new Argument<string>("TEMPLATE") { HelpName = "TEMPLATE", Description = "NAME for its newest revision, or NAME@REVISION; made with --sandbox" };
        template.CompletionSources.Add(new Completions(globals).Templates);
        var id = OptionKinds.Text("--id", "ID", "The sandbox's id");
        id.Required = true;
        var owner = OptionKinds.Number("--owner-pid", 1, MaxPid, "The process on the node that owns it (default: this command)");
        var detach = OptionKinds.Flag("--detach", "Do not hold it: let it live until its owner ends; --owner-pid must be given");
        var cgroups = OptionKinds.Texts("--cgroup", "FOLDER", "A control group for its QEMU, below /sys/fs/cgroup");
        var flags = new CloneSpecFlags();
        var command = new CliCommand(
            "hold",
            "Starts a sandbox and holds it until Ctrl-C, or until it ends.",
            "templating sandbox hold box --id pod-1",
            "templating sandbox hold box --id pod-1 --owner-pid 4711 --detach -o json")
        {
            template, id, owner, detach, cgroups,
        };
        flags.AddTo(command);
        return globals.Run(command, async (context, cancellationToken) =>
        {
            if (context.Get(detach) && context.Get(owner) is null)
            {
                throw new CliException(ExitCode.Usage, "--detach lets it live until its owner ends, and this command ends at once: name the owner with --owner-pid.");
            }

            var name = await RevisionNames.ResolveAsync(context, context.Get(template), cancellationToken);
            var acquire = new AcquireSandbox
            {
                SandboxId = context.Get(id)!,
                Spec = await flags.ReadAsync(context, name, cancellationToken),
                Owner = new SandboxOwner { Pid = context.Get(owner) ?? Environment.ProcessId },
                Cgroups = { context.Get(cgroups) },
            };
            using var call = context.Client.Sandboxes.Hold(deadline: context.Deadline, cancellationToken: cancellationToken);
            return await HoldAsync(context, call, acquire, context.Get(detach), cancellationToken);
        });
    }

    private static async Task<int> HoldAsync(
        CliContext context, AsyncDuplexStreamingCall<HoldRequest, HoldResponse> call, AcquireSandbox acquire, bool detach, CancellationToken cancellationToken)
    {
        await SendAsync(call, new HoldRequest { Acquire = acquire }, cancellationToken);
        Sandbox? held = null;
        while (await call.ResponseStream.MoveNext(cancellationToken))
        {
            var response = call.ResponseStream.Current;
            switch (response.ResponseCase)
            {
                case HoldResponse.ResponseOneofCase.Held when detach:
                    held = response.Held;
                    await SendAsync(call, new HoldRequest { Detach = new DetachSandbox() }, cancellationToken);
                    break;
                case HoldResponse.ResponseOneofCase.Held:
                    held = response.Held;
                    await PrintAsync(context, held);
                    context.Note("It is held until Ctrl-C.");
                    context.Host.WatchReader();
                    break;
                case HoldResponse.ResponseOneofCase.Detached:
                    held!.Clone_.Owner.Detached = true;
                    await PrintAsync(context, held);
                    return ExitCode.Ok;
                case HoldResponse.ResponseOneofCase.Ended:
                    throw new CliException(ExitCode.Failure, $"The sandbox is not held any more: {response.Ended.Reason}.");
                default:
                    break;
            }
        }

        throw new CliException(ExitCode.Failure, "The daemon ended the call without a word of the sandbox.");
    }

    private static async Task PrintAsync(CliContext context, Sandbox sandbox)
    {
        context.PrintSheet(() => SandboxColumns.Sheet(sandbox, context.Host.Clock), sandbox, sandbox.Clone_.Name);
        await context.Host.Out.FlushAsync(CancellationToken.None);
    }

    /// <summary>A call that was refused takes no more; the reading half has the refusal.</summary>
    private static async Task SendAsync(AsyncDuplexStreamingCall<HoldRequest, HoldResponse> call, HoldRequest request, CancellationToken cancellationToken)
    {
        try
        {
            await call.RequestStream.WriteAsync(request, cancellationToken);
        }
        catch (Exception e) when (e is RpcException or InvalidOperationException && !cancellationToken.IsCancellationRequested)
        {
            // Told by the reading half.
            return;
        }
    }
}
