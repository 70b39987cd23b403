namespace Templating.Kubectl.Commands;

/// <summary>The plugin's exit codes (docs/kubernetes/kubectl.md). `exec` ends with the guest's program's own.</summary>
internal static class ExitCode
{
    public const int Ok = 0;

    /// <summary>What was asked for is not there, or the cluster refused.</summary>
    public const int Failure = 1;

    public const int Usage = 2;

    /// <summary>Of a load test: it ran, and missed a threshold of its recipe.</summary>
    public const int Missed = 3;

    /// <summary>128 + SIGINT, as a shell tells it: a load test that was broken off, and has removed what it made.</summary>
    public const int Interrupted = 130;
}
