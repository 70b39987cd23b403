namespace Templating.Shim.Tasks;

/// <summary>containerd's pipes of a process, by their paths; empty for none.</summary>
internal sealed record ProcessIo(string Input, string Output, string Error, bool Terminal)
{
    public static readonly ProcessIo None = new("", "", "", false);
}
