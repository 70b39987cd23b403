using System.Runtime.CompilerServices;
using Templating.Core.Errors;
using Templating.Core.Machines;

namespace Templating.Qemu.GuestAgent;

/// <summary>
/// What comes for a program that qemu-guest-agent runs: its input first, all of it, and later signals and sizes, of which the agent
/// can give it none.
/// </summary>
internal sealed class QgaItems(IAsyncEnumerable<ExecInput> items, CancellationTokenSource ended) : IAsyncDisposable
{
    private readonly IAsyncEnumerator<ExecInput> _items = items.GetAsyncEnumerator(ended.Token);
    private Task _rest = Task.CompletedTask;
    private bool _over;

    /// <summary>Set where something came that cannot be done; the program was ended then.</summary>
    public TemplatingException? Fault { get; private set; }

    /// <exception cref="TemplatingException">GuestNotSuitable: the agent cannot do what the command needs.</exception>
    public static void Require(GuestCommand command)
    {
        if (command.Terminal is not null)
        {
            throw Lacks("give a program a terminal");
        }

        if (command.User is not null)
        {
            throw Lacks("run a program as another user than root");
        }
    }

    /// <summary>The input, up to its end.</summary>
    public async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (await _items.MoveNextAsync())
        {
            cancellationToken.ThrowIfCancellationRequested();
            switch (_items.Current)
            {
                case ExecInputBytes { Bytes: var bytes }:
                    yield return bytes;
                    break;
                case ExecInputEnd:
                    yield break;
                default:
                    throw Lacks("send a program signals");
            }
        }

        _over = true;
    }

    /// <summary>Looks at what comes after the input, for as long as the program runs.</summary>
    public void WatchRest() => _rest = _over ? Task.CompletedTask : WatchRestAsync();

    public async ValueTask DisposeAsync()
    {
        await ended.CancelAsync();
        await _rest;
        await _items.DisposeAsync();
    }

    private async Task WatchRestAsync()
    {
        try
        {
            while (await _items.MoveNextAsync())
            {
                if (_items.Current is not ExecInputEnd)
                {
                    Fault = Lacks("send a program signals");
                    await ended.CancelAsync();
                    return;
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The program has ended, or nobody waits for it.
        }
    }

    private static TemplatingException Lacks(string what) => new(ErrorCode.GuestNotSuitable,
        $"A guest with only qemu-guest-agent cannot {what}. Put templating-guest into its image and build the template again.");
}
