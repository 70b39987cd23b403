using System.Collections;
using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Templating.Core.Linux;

/// <summary>
/// Starts a program that outlives this one: in a session of its own, in the same working folder, with the same environment, and with no descriptor
/// but one that it is given.
/// </summary>
internal static unsafe class DetachedProgram
{
    /// <summary>The one, behind the standard three, which are /dev/null.</summary>
    public const int Descriptor = 3;

    /// <returns>Its process id.</returns>
    /// <exception cref="Win32Exception">It cannot be started.</exception>
    public static int Start(string path, IReadOnlyList<string> arguments, SafeHandle descriptor)
    {
        var attributes = stackalloc byte[SpawnCalls.ObjectSize];
        var actions = stackalloc byte[SpawnCalls.ObjectSize];
        var signals = stackalloc byte[128];
        var strings = new List<nint>();
        Check(SpawnCalls.AttributesInit(attributes));
        Check(SpawnCalls.ActionsInit(actions));
        try
        {
            // An ignored signal would stay ignored across exec, and .NET ignores SIGPIPE.
            _ = SpawnCalls.FillSignals(signals);
            Check(SpawnCalls.AttributesSetSignalDefaults(attributes, signals));
            _ = SpawnCalls.EmptySignals(signals);
            Check(SpawnCalls.AttributesSetSignalMask(attributes, signals));
            Check(SpawnCalls.AttributesSetFlags(attributes, SpawnCalls.SetSession | SpawnCalls.SetSignalDefaults | SpawnCalls.SetSignalMask));
            Check(SpawnCalls.ActionsAddDup(actions, descriptor.DangerousGetHandle().ToInt32(), Descriptor));
            for (var standard = 0; standard < Descriptor; standard++)
            {
                Check(SpawnCalls.ActionsAddOpen(actions, standard, "/dev/null", LibC.OpenReadWrite, 0));
            }

            Check(SpawnCalls.ActionsAddCloseFrom(actions, Descriptor + 1));
            fixed (nint* argv = Pointers([path, .. arguments], strings))
            fixed (nint* environment = Pointers(Variables(), strings))
            {
                int pid;
                Check(SpawnCalls.Spawn(&pid, (byte*)argv[0], actions, attributes, (byte**)argv, (byte**)environment));
                return pid;
            }
        }
        finally
        {
            strings.ForEach(Marshal.FreeCoTaskMem);
            _ = SpawnCalls.ActionsDestroy(actions);
            _ = SpawnCalls.AttributesDestroy(attributes);
        }
    }

    /// <summary>NULL-ended.</summary>
    private static nint[] Pointers(List<string> texts, List<nint> allocated)
    {
        var pointers = new nint[texts.Count + 1];
        for (var i = 0; i < texts.Count; i++)
        {
            pointers[i] = Marshal.StringToCoTaskMemUTF8(texts[i]);
            allocated.Add(pointers[i]);
        }

        return pointers;
    }

    private static List<string> Variables()
    {
        var variables = new List<string>();
        foreach (DictionaryEntry variable in Environment.GetEnvironmentVariables())
        {
            variables.Add($"{variable.Key}={variable.Value}");
        }

        return variables;
    }

    private static void Check(int error)
    {
        if (error != 0)
        {
            throw new Win32Exception(error, $"Cannot start a program: {Marshal.GetPInvokeErrorMessage(error)}.");
        }
    }
}
