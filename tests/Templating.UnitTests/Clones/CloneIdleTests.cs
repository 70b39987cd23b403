using System.Runtime.CompilerServices;
using CsCheck;
using Microsoft.Extensions.Time.Testing;
using Templating.Core.Clones;
using Templating.Core.Diagnostics;
using Templating.Core.Machines;
using Templating.Core.Vms;
using Templating.Testing;

namespace Templating.UnitTests.Clones;

/// <summary>What keeps a clone with an idle limit, and what does not.</summary>
public sealed class CloneIdleTests : CloneLifetimeTest
{
    [Fact]
    public async Task ACloneThatNobodyUsesIsEndedAfterItsIdleLimit()
    {
        var clone = await CreateAsync(new Lifetime { IdleLimit = Minute });
        clone.IdleLimit.ShouldBe(Minute);
        Pass(Minute - Second);
        await Node.Clones.PauseAsync(clone.Name, CancellationToken.None);
        Pass(Minute - Second);
        await Node.Clones.ResumeAsync(clone.Name, CancellationToken.None);
        Pass(Minute - Second);
        Node.Clones.OpenConsole(clone.Name).ReadTail();
        Pass(Minute - Second);
        _ = Node.Clones.Get(clone.Name);
        Get(clone).State.ShouldBe(VmState.Running);

        Pass(Second);

        (await EndedAsync(clone)).StateReason.ShouldStartWith("expired: it was idle for its idle_limit");
        await CountedAsync("IDLE_LIMIT");
    }

    [Fact]
    public async Task AProgramUnderWayKeepsItsCloneHoweverLongItRuns()
    {
        var clone = await CreateAsync(new Lifetime { IdleLimit = Minute });
        var (begun, end) = (new TaskCompletionSource(), new TaskCompletionSource());
        Node.Vmm.OnStep = (step, _, token) =>
        {
            begun.TrySetResult();
            return end.Task.WaitAsync(token);
        };
        var running = RunAsync(clone);
        await begun.Task.Soonest();
        Pass(10 * Minute);
        Get(clone).State.ShouldBe(VmState.Running);
        end.SetResult();
        await running.Soonest();
        Pass(Minute - Second);
        Get(clone).State.ShouldBe(VmState.Running);

        Pass(Second);

        await EndedAsync(clone);
    }

    [Fact]
    public async Task AProgramUnderWayDoesNotKeepACloneWhoseTtlIsOver()
    {
        var clone = await CreateAsync(new Lifetime { Ttl = Minute, IdleLimit = 10 * Minute });
        var begun = new TaskCompletionSource();
        Node.Vmm.OnStep = (_, vm, token) =>
        {
            begun.TrySetResult();
            return vm!.Exited.WaitAsync(token);
        };
        var running = RunAsync(clone);
        await begun.Task.Soonest();

        Pass(Minute);

        (await EndedAsync(clone)).StateReason.ShouldStartWith("expired: its ttl is over");
        await running.Soonest();
    }

    /// <summary>Any order of uses, changes and time against the rule itself: an end that is set, or so long without a use.</summary>
    [Fact]
    public void ALifetimeIsOverExactlyWhenItsRuleSaysSo() => Gen.Select(Gen.Int[0, 6], Gen.Int[1, 5]).Array[1, 40].Sample(steps =>
    {
        var boot = new FakeTimeProvider();
        var lifetime = new CloneLifetime(boot, new FakeTimeProvider());
        var (now, used, end, idle) = (0, 0, (int?)null, (int?)null);
        var uses = new Stack<IDisposable>();
        foreach (var (what, n) in steps)
        {
            switch (what)
            {
                case 0 or 1:
                    boot.Advance(n * Second);
                    now += n;
                    break;
                case 2:
                    lifetime.Touch();
                    used = now;
                    break;
                case 3 when n > 2:
                    uses.Push(lifetime.Use());
                    break;
                case 3 when uses.TryPop(out var use):
                    use.Dispose();
                    use.Dispose();
                    used = now;
                    break;
                case 4:
                    lifetime.TryChange(new Lifetime { Ttl = n * Second }).ShouldBeTrue();
                    end = now + n;
                    break;
                case 5:
                    lifetime.TryChange(new Lifetime { IdleLimit = n > 1 ? n * Second : null, NoIdleLimit = n == 1 }).ShouldBeTrue();
                    idle = n > 1 ? n : null;
                    break;
                case 6 when n > 3:
                    lifetime.TryChange(new Lifetime { NoExpiry = true }).ShouldBeTrue();
                    end = null;
                    break;
            }

            LifetimeLimit? rule = now >= end ? LifetimeLimit.Ttl : uses.Count == 0 && now - used >= idle ? LifetimeLimit.IdleLimit : null;
            lifetime.TryEnd().ShouldBe(rule);
            if (rule is not null)
            {
                (lifetime.TryEnd(), lifetime.Over, lifetime.TryChange(new Lifetime { NoExpiry = true })).ShouldBe((null, rule, false));
                return;
            }
        }
    });

    [Fact]
    public async Task AnAttachedConsoleKeepsItsClone()
    {
        var boot = new FakeTimeProvider();
        var lifetime = new CloneLifetime(boot, boot);
        lifetime.TryChange(new Lifetime { IdleLimit = Minute });
        using var away = new CancellationTokenSource();
        var reading = new UsedConsole(new SilentConsole(), lifetime).ReadAsync(away.Token).GetAsyncEnumerator();
        var next = reading.MoveNextAsync();
        boot.Advance(10 * Minute);
        lifetime.TryEnd().ShouldBeNull();
        await away.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(next.AsTask());
        boot.Advance(Minute - Second);
        lifetime.TryEnd().ShouldBeNull();

        boot.Advance(Second);

        lifetime.TryEnd().ShouldBe(LifetimeLimit.IdleLimit);
        await reading.DisposeAsync();
    }

    /// <summary>Of a guest that prints nothing.</summary>
    private sealed class SilentConsole : IConsole
    {
        public byte[] ReadTail() => [];

        public async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
            yield break;
        }

        public ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) => ValueTask.CompletedTask;
    }
}
