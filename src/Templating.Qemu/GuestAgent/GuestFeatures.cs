using Templating.Core.Errors;
using Templating.Core.Machines;

namespace Templating.Qemu.GuestAgent;

/// <summary>What a templating-guest can do beyond the protocol's first version: it says so with its answer to a sync.</summary>
internal sealed record GuestFeatures
{
    public static readonly GuestFeatures None = new();

    public bool Terminal { get; private init; }

    public bool User { get; private init; }

    /// <summary>It tells whether a timeout or the lack of memory ended a program, where it is asked to.</summary>
    public bool Why { get; private init; }

    /// <summary>Words that are not known are of a guest that is newer still.</summary>
    public static GuestFeatures Of(ReadOnlySpan<string> words) => new()
    {
        Terminal = words.Contains("terminal"),
        User = words.Contains("user"),
        Why = words.Contains("why"),
    };

    /// <exception cref="TemplatingException">GuestNotSuitable: the guest cannot do what the command needs.</exception>
    public void Require(GuestCommand command)
    {
        if (command.Terminal is not null && !Terminal)
        {
            throw TooOld("gives no terminals");
        }

        if (command.User is not null && !User)
        {
            throw TooOld("runs programs as root alone");
        }
    }

    private static TemplatingException TooOld(string lack) => new(ErrorCode.GuestNotSuitable,
        $"The guest's agent is older than this node's and {lack}. Build the template again from a current guest image.");
}
