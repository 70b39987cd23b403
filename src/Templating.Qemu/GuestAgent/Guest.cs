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

    /// <summary>For templating-guest to open its port after qemu-guest-agent has answered, where a guest has both.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <summary>For it to answer once its port is open: it waits for its kernel to have entropy first.</summary>
    private static readonly TimeSpan OpenPatience = TimeSpan.FromSeconds(15);

    /// <summary>For trying what clones will ask for: a loaded host takes a third of that.</summary>
    private static readonly TimeSpan TrialTimeout = TimeSpan.FromMinutes(1);

    private readonly TaskCompletionSource _portOpened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private GuestAgentKind? _kind;

    public void Expect(GuestAgentKind kind) => _kind = kind;

    public Task<GuestAgentKind> WaitReadyAsync(TimeSpan timeout, CancellationToken cancellationToken) =>
        Deadline.RunAsync(time, timeout, ChooseAsync, () => new TemplatingException(ErrorCode.GuestNotReady,
            $"Neither templating-guest nor qemu-guest-agent answered within {timeout.TotalSeconds:0.###} s. Does the "
            + "guest start one of them, and does its kernel have the virtio console driver?"), cancellationToken);

    public Task<GuestAgentKind> SettleAsync(CancellationToken cancellationToken) =>
        Deadline.RunAsync(time, TrialTimeout, token => ExplainAsync(async () =>
        {
            if (_kind is not GuestAgentKind.Templating && _portOpened.Task.IsCompleted && await AnswersAsync(token))
            {
                _kind = GuestAgentKind.Templating;
            }

            if (await KindAsync(token) == GuestAgentKind.Qemu)
            {
                await QgaTrial.RunAsync(qemu, time, token);
            }

            return _kind!.Value;
        }), () => new TemplatingException(ErrorCode.GuestNotReady,
            $"What a clone needs of qemu-guest-agent could not be tried within {TrialTimeout.TotalSeconds:0} s: the guest or its host is too busy."), cancellationToken);

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
        GuestCommand command, IAsyncEnumerable<ExecInput>? input,
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

    /// <summary>The guest opened or closed templating-guest's port.</summary>
    public void PortChanged(bool isOpen)
    {
        if (isOpen)
        {
            _portOpened.TrySetResult();
        }
        else
        {
            own.PortClosed();
        }
    }

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

    /// <summary>Whether templating-guest does, which has opened its port since the other was chosen.</summary>
    private async Task<bool> AnswersAsync(CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(OpenPatience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        var answer = own.WaitReadyAsync(either.Token);
        await answer.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
        return answer.IsCompletedSuccessfully;
    }

    private async Task<GuestAgentKind> KindAsync(CancellationToken cancellationToken) =>
        _kind ?? await WaitReadyAsync(FindTimeout, cancellationToken);

    private async Task<GuestAgentKind> ChooseAsync(CancellationToken cancellationToken)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var templating = own.WaitReadyAsync(ended.Token);
        var agent = qemu.WaitReadyAsync(ended.Token);
        try
        {
            var isBetter = await FirstToAnswerAsync(templating, agent, cancellationToken) == templating
                || await ComesAsync(templating, cancellationToken);
            _kind = isBetter ? GuestAgentKind.Templating : GuestAgentKind.Qemu;
        }
        finally
        {
            await ended.CancelAsync();
            await Task.WhenAll(templating, agent).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        if (_kind == GuestAgentKind.Qemu)
        {
            await ExplainAsync(async () =>
            {
                await QgaTrial.RequireCommandsAsync(qemu, cancellationToken);
                return true;
            });
        }

        return _kind.Value;
    }

    private async Task<Task> FirstToAnswerAsync(Task templating, Task agent, CancellationToken cancellationToken)
    {
        var racers = new List<Task> { stopped, templating, agent };
        while (true)
        {
            var first = await Task.WhenAny(racers).WaitAsync(cancellationToken);
            if (first == stopped || (racers.Count == 1 && first.IsFaulted))
            {
                throw await stopped;
            }

            if (first.IsCompletedSuccessfully)
            {
                return first;
            }

            // That agent failed; the other may still come. When both have, only the VM's end or the deadline is left.
            racers.Remove(first);
        }
    }

    /// <summary>
    /// Whether templating-guest comes after qemu-guest-agent has: which of the two answers first depends on how busy the host is, and the
    /// choice is for all clones. That it runs is seen by its port, which it opens before it answers.
    /// </summary>
    private async Task<bool> ComesAsync(Task templating, CancellationToken cancellationToken)
    {
        await Task.WhenAny(templating, stopped, _portOpened.Task, Task.Delay(Patience, time, cancellationToken));
        if (_portOpened.Task.IsCompleted)
        {
            await Task.WhenAny(templating, stopped, Task.Delay(OpenPatience, time, cancellationToken));
        }

        cancellationToken.ThrowIfCancellationRequested();
        return templating.IsCompletedSuccessfully;
    }
}
