using System.Runtime.InteropServices;

namespace Templating.Terminal.Descriptors;

/// <summary>
/// What became of a command's output. One whose reader has gone ends as a program that SIGPIPE ends: at once, without a word.
/// One that cannot be written otherwise (a full disk, a closed descriptor) is an error of the command.
/// </summary>
internal sealed class OutputGuard : IDisposable
{
    /// <summary>128 + SIGPIPE, as a shell tells it.</summary>
    public const int ReaderGone = 141;

    private readonly CancellationTokenSource _lost = new();
    private int _error;

    /// <summary>Cancelled when the output is lost: nothing that a command still does can be told.</summary>
    public CancellationToken Lost => _lost.Token;

    /// <summary>The first failure decides. May come from any thread.</summary>
    public void Fail(int error)
    {
        if (Interlocked.CompareExchange(ref _error, error, 0) == 0)
        {
            _ = _lost.CancelAsync();
        }
    }

    /// <summary>Of standard error nobody can be told, and what is said there is not what was asked for; only a reader who left ends us.</summary>
    public void FailError(int error)
    {
        if (error == LibC.BrokenPipe)
        {
            Fail(error);
        }
    }

    /// <param name="code">What the command ended with.</param>
    /// <param name="failure">What it ends with where it succeeded and its output did not arrive.</param>
    /// <param name="tell">Says so.</param>
    /// <returns>The exit code.</returns>
    public int Conclude(int code, int failure, Action<string> tell)
    {
        switch (Volatile.Read(ref _error))
        {
            case 0:
                return code;
            case LibC.BrokenPipe:
                return ReaderGone;
            case var error:
                tell($"Cannot write to standard output: {Marshal.GetPInvokeErrorMessage(error)}.");
                return code == 0 ? failure : code;
        }
    }

    public void Dispose() => _lost.Dispose();
}
