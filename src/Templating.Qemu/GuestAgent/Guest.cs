using System.Runtime.CompilerServices;
using Templating.Contract;
using Templating.Core.Errors;
using Templating.Core.Machines;
using Templating.Qemu.Base;

namespace Templating.Qemu.GuestAgent;

/// <summary>The guest through whichever agent it has.</summary>
internal sealed class Guest(GuestClient own, QgaClient qemu, TimeProvider time, Task<TemplatingException> stopped)
    : IGuest, IAsyncDisposable
{
    /// <summary>How long an agent is looked for when nobody said which the guest has.</summary>
    private static readonly TimeSpan FindTimeout = TimeSpan.FromSeconds(10);

    /// <summary>How much later than the end of its connections a VM's own end may be known.</summary>
    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(3);

    private GuestAgentKind? _kind;

    public void Expect(GuestAgentKind kind) => _kind = kind;

    public Task<GuestAgentKind> WaitReadyAsync(TimeSpan timeout, CancellationToken cancellationToken) =>
        Deadline.RunAsync(time, timeout, FirstToAnswerAsync, () => new TemplatingException(ErrorCode.GuestNotReady,
            $"Neither templating-guest nor qemu-guest-agent answered within {timeout.TotalSeconds:0.###} s. Does the "
            + "guest start one of them, and does its kernel have the virtio console driver?"), cancellationToken);

    public Task<IdentityConfirmation> IdentifyAsync(
        GuestIdentity identity, TimeSpan timeout, CancellationToken cancellationToken) =>
        Deadline.RunAsync(time, timeout, token => ExplainAsync(async () =>
        {
            var answer = await KindAsync(token) == GuestAgentKind.Templating
                ? Identities.Read(await own.IdentifyAsync(identity, token), identity)
                : await QgaIdentity.SetAsync(qemu, identity, time, token);
            return Identities.Confirm(identity, answer);
        }), () => new TemplatingException(ErrorCode.IdentityNotConfirmed,
            $"The guest did not confirm its identity within {timeout.TotalSeconds:0.###} s.")
        {
            Details = new Dictionary<string, string>(StringComparer.Ordinal) { ["timeout_seconds"] = $"{timeout.TotalSeconds:0.###}" },
        }, cancellationToken);

    public async IAsyncEnumerable<ExecOutput> ExecAsync(
        GuestCommand command, IAsyncEnumerable<ReadOnlyMemory<byte>>? input,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (command.Arguments.Count == 0 || command.Arguments[0].Length == 0)
        {
            throw new TemplatingException([new FieldViolation("arguments", "Is empty; name the program to run.")]);
        }

        var outputs = await KindAsync(cancellationToken) == GuestAgentKind.Templating
            ? own.ExecAsync(command, input, cancellationToken)
            : QgaExec.RunAsync(qemu, command, input, time, cancellationToken);
        await using var output = outputs.GetAsyncEnumerator(cancellationToken);
        while (await ExplainAsync(() => output.MoveNextAsync().AsTask()))
        {
            yield return output.Current;
        }
    }

    /// <summary>The guest closed templating-guest's port.</summary>
    public void PortClosed() => own.PortClosed();

    public async ValueTask DisposeAsync()
    {
        await own.DisposeAsync();
        await qemu.DisposeAsync();
    }

    /// <summary>A conversation that ends because the VM did is told as that.</summary>
    private async Task<T> ExplainAsync<T>(Func<Task<T>> talk)
    {
        try
        {
            return await talk();
        }
        catch (TemplatingException e) when (e.Code == ErrorCode.GuestAgentFailed)
        {
            using var limit = new CancellationTokenSource(LastWords, time);
            await ((Task)stopped).WaitAsync(limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (stopped.IsCompletedSuccessfully)
            {
                throw await stopped;
            }

            throw;
        }
    }

    private async Task<GuestAgentKind> KindAsync(CancellationToken cancellationToken) =>
        _kind ?? await WaitReadyAsync(FindTimeout, cancellationToken);

    private async Task<GuestAgentKind> FirstToAnswerAsync(CancellationToken cancellationToken)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var templating = own.WaitReadyAsync(ended.Token);
        var agent = qemu.WaitReadyAsync(ended.Token);
        var racers = new List<Task> { stopped, templating, agent };
        try
        {
            while (true)
            {
                var first = await Task.WhenAny(racers).WaitAsync(cancellationToken);
                if (first == stopped || (racers.Count == 1 && first.IsFaulted))
                {
                    throw await stopped;
                }

                if (first.IsCompletedSuccessfully)
                {
                    _kind = first == templating ? GuestAgentKind.Templating : GuestAgentKind.Qemu;
                    return _kind.Value;
                }

                // That agent failed; the other may still come. When both have, only the VM's end or the deadline is left.
                racers.Remove(first);
            }
        }
        finally
        {
            await ended.CancelAsync();
            await Task.WhenAll(templating, agent).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
