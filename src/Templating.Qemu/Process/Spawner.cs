using System.Runtime.InteropServices;
using System.Text;
using Templating.Core.Errors;
using Templating.Core.Linux;
using Templating.Qemu.Base;

namespace Templating.Qemu.Process;

/// <summary>Starts programs by posix_spawn(3): a vfork inside libc, so the daemon's own memory is never copied.</summary>
internal static unsafe class Spawner
{
    /// <summary>The program's first descriptor after the standard three.</summary>
    public const int FirstDescriptor = 3;

    private const int OpenAppend = 0x401;   // O_WRONLY | O_APPEND
    private const uint OwnerOnly = 0x180;   // 0600

    /// <summary>Beyond any descriptor a program gets, so that no dup2 overwrites a source of a later one.</summary>
    private const int SafeDescriptor = 64;

    /// <summary>The whole environment: nothing of the daemon's own reaches QEMU.</summary>
    private static readonly string[] Environment = ["PATH=/usr/bin:/bin", "LC_ALL=C"];

    /// <returns>The process id.</returns>
    public static int Start(SpawnRequest request)
    {
        if (request.Output is { } open)
        {
            return Spawn(request, open);
        }

        // Opened here: a confined program does not see the path.
        var output = LibC.Open(request.OutputPath!, OpenAppend | LibC.OpenCreate | LibC.OpenNoFollow | LibC.OpenCloseOnExec, OwnerOnly);
        if (output < 0)
        {
            throw NativeError.Last($"Cannot open '{request.OutputPath}'");
        }

        try
        {
            return request switch
            {
                { ByLastingThread: true } => LastingThread.Run(() => Spawn(request, output)),
                { Confine: { } confine } => OwnThread.Run("confined-spawner", () =>
                {
                    confine();
                    var pid = Spawn(request, output);
                    return ProcessLimits.Restrict(pid, request.MaxFileBytes) == 0 ? pid : throw Unlimited(pid);
                }),
                _ => Spawn(request, output),
            };
        }
        finally
        {
            _ = DescriptorCalls.Close(output);
        }
    }

    private static int Spawn(SpawnRequest request, int output)
    {
        var attributes = stackalloc byte[SpawnCalls.ObjectSize];
        var actions = stackalloc byte[SpawnCalls.ObjectSize];
        var signals = stackalloc byte[128];
        var copies = new List<int>();
        using var argv = new NativeStrings(Limited(request));
        using var environment = new NativeStrings(Environment);
        Check(SpawnCalls.AttributesInit(attributes), "posix_spawnattr_init");
        Check(SpawnCalls.ActionsInit(actions), "posix_spawn_file_actions_init");
        try
        {
            // The runtime ignores SIGPIPE, and an ignored signal stays ignored across exec.
            _ = SpawnCalls.FillSignals(signals);
            Check(SpawnCalls.AttributesSetSignalDefaults(attributes, signals), "setsigdefault");
            _ = SpawnCalls.EmptySignals(signals);
            Check(SpawnCalls.AttributesSetSignalMask(attributes, signals), "setsigmask");
            Check(SpawnCalls.AttributesSetFlags(attributes,
                SpawnCalls.SetSession | SpawnCalls.SetSignalDefaults | SpawnCalls.SetSignalMask), "setflags");
            Check(SpawnCalls.ActionsAddOpen(actions, 0, "/dev/null", LibC.OpenReadOnly, 0), "addopen");
            var next = 1;
            foreach (var fd in (int[])[output, output, .. request.Descriptors])
            {
                var copy = LibC.Fcntl(fd, LibC.DupCloseOnExec, SafeDescriptor);
                if (copy < 0)
                {
                    throw NativeError.Last("Cannot duplicate a descriptor");
                }

                copies.Add(copy);
                Check(SpawnCalls.ActionsAddDup(actions, copy, next++), "adddup2");
            }

            Check(SpawnCalls.ActionsAddCloseFrom(actions, next), "addclosefrom");
            int pid;
            var error = SpawnCalls.Spawn(&pid, argv.Pointer[0], actions, attributes, argv.Pointer, environment.Pointer);
            if (error != 0)
            {
                throw error is Errno.NoEntry or Errno.Access
                    ? new TemplatingException(ErrorCode.QemuMissing, $"Cannot start '{request.Arguments[0]}': {Marshal.GetPInvokeErrorMessage(error)}.")
                    : NativeError.From($"Cannot start '{request.Arguments[0]}'", error);
            }

            return pid;
        }
        finally
        {
            copies.ForEach(fd => _ = DescriptorCalls.Close(fd));
            _ = SpawnCalls.ActionsDestroy(actions);
            _ = SpawnCalls.AttributesDestroy(attributes);
        }
    }

    /// <summary>
    /// Where no thread of the program's own starts it, limits are set by util-linux's prlimit on itself before it becomes the program. From outside
    /// they would come too late: once the program runs as another user, changing its limits takes CAP_SYS_RESOURCE.
    /// </summary>
    private static IReadOnlyList<string> Limited(SpawnRequest request) => request.Confine is not null
        ? request.Arguments
        : ["/usr/bin/prlimit", "--core=0:0", $"--fsize={request.MaxFileBytes}:{request.MaxFileBytes}", .. request.Arguments];

    private static TemplatingException Unlimited(int pid)
    {
        var failure = NativeError.Last($"Process {pid} cannot be limited");
        ProcessCalls.KillChild(pid);
        return failure;
    }

    private static void Check(int error, string what)
    {
        if (error != 0)
        {
            throw NativeError.From($"Cannot prepare a process ({what})", error);
        }
    }

    /// <summary>A NULL-ended array of C strings.</summary>
    private sealed class NativeStrings : IDisposable
    {
        public NativeStrings(IReadOnlyList<string> strings)
        {
            Pointer = (byte**)NativeMemory.AllocZeroed((nuint)(strings.Count + 1), (nuint)sizeof(byte*));
            for (var i = 0; i < strings.Count; i++)
            {
                if (strings[i].Contains('\0', StringComparison.Ordinal))
                {
                    throw new TemplatingException(ErrorCode.InvalidArgument, "An argument of a program has a NUL in it.");
                }

                var bytes = Encoding.UTF8.GetByteCount(strings[i]);
                Pointer[i] = (byte*)NativeMemory.AllocZeroed((nuint)bytes + 1);
                Encoding.UTF8.GetBytes(strings[i], new Span<byte>(Pointer[i], bytes));
            }
        }

        public byte** Pointer { get; }

        public void Dispose()
        {
            for (var i = 0; Pointer[i] != null; i++)
            {
                NativeMemory.Free(Pointer[i]);
            }

            NativeMemory.Free(Pointer);
        }
    }
}
