using CsCheck;
using Templating.Core.Machines;
using Templating.Core.Sandboxes;
using Templating.Testing;

namespace Templating.UnitTests.Sandboxes;

/// <summary>Whatever owners, calls and daemons do, in whatever order: one sandbox has one owner, and none is without.</summary>
public sealed class SandboxOwnershipTests
{
    private const int Steps = 40;

    [Fact]
    public void NoOrderOfEventsGivesASandboxTwoOwnersOrNone() => Gen.Long.Sample(
        seed =>
        {
            var dice = new Dice(seed);
            var world = new World();
            for (var step = 0; step < Steps; step++)
            {
                world.Do(dice);
                world.Check();
            }
        },
        iter: 5000);

    [Fact]
    public void AllThatCanHappenDoesHappenInTheseOrders()
    {
        var seen = new HashSet<Claim>();
        var (kept, ended) = (0, 0);
        for (var seed = 0; seed < 200; seed++)
        {
            var dice = new Dice(seed);
            var world = new World();
            for (var step = 0; step < Steps; step++)
            {
                world.Do(dice);
            }

            seen.UnionWith(world.Claims);
            kept += world.KeptByRestarts;
            ended += world.EndedByRestarts;
        }

        seen.ShouldBe(Enum.GetValues<Claim>(), ignoreOrder: true);
        kept.ShouldBeGreaterThan(10);
        ended.ShouldBeGreaterThan(10);
    }

    [Fact]
    public void ACallThatWasDisplacedNeitherEndsNorDetachesIt()
    {
        var owner = new VmProcessId(7, 1, Guid.Empty);
        var ownership = new Ownership(owner, "request");
        ownership.Take(owner, "request", out var first);
        ownership.Take(owner, "request", out var second);

        ownership.TryDetach(first).ShouldBeFalse();
        ownership.Drop(first).ShouldBeFalse();

        ownership.Over.ShouldBeNull();
        ownership.Drop(second).ShouldBeTrue();
        ownership.Over.ShouldBe("the call that held it ended");
    }

    [Fact]
    public void AProcessOfTheSameNumberIsAnotherOwner()
    {
        var owner = new VmProcessId(7, 1, Guid.Empty);
        var ownership = new Ownership(owner, "request");

        ownership.Take(owner with { StartTime = 2 }, "request", out _).ShouldBe(Claim.Owned);
        ownership.Take(owner with { BootId = Guid.NewGuid() }, "request", out _).ShouldBe(Claim.Owned);
        ownership.Take(owner, "another", out _).ShouldBe(Claim.OtherRequest);
        ownership.Take(owner, "request", out _).ShouldBe(Claim.Held);
    }

    /// <summary>One id on one node, three processes that want it, and what a real daemon keeps on disk of it.</summary>
    private sealed class World
    {
        private readonly int[] _starts = [1, 1, 1];
        private readonly List<(long Hold, VmProcessId Owner)> _open = [];
        private Ownership? _sandbox;
        private VmProcessId _owner;
        private string _request = "";
        private bool _writtenDetached;

        public List<Claim> Claims { get; } = [];

        public int KeptByRestarts { get; private set; }

        public int EndedByRestarts { get; private set; }

        public void Do(Dice dice)
        {
            switch (dice.Next(9))
            {
                case 0 or 1 or 2:
                    Acquire(Process(dice.Next(3)), dice.Next(4) == 0 ? "another" : "request");
                    break;
                case 3 when _open.Count > 0:
                    var (asking, _) = dice.Of(_open);
                    _writtenDetached |= _sandbox?.TryDetach(asking) ?? false;
                    break;
                case 4 when _open.Count > 0:
                    var ending = dice.Of(_open);
                    _open.Remove(ending);
                    _sandbox?.Drop(ending.Hold);
                    break;
                case 5:
                    Die(dice.Next(3));
                    break;
                case 6:
                    Restart(dieMeanwhile: dice.Next(6));
                    break;
                case 7 when dice.Next(4) == 0:
                    _sandbox?.End("released");
                    break;
                default:
                    // What is left of it is gone.
                    if (_sandbox?.Over is not null)
                    {
                        _sandbox = null;
                        _open.Clear();
                    }

                    break;
            }
        }

        public void Check()
        {
            if (_sandbox is not { Over: null } living)
            {
                return;
            }

            Enumerable.Range(0, 3).Select(Process).ShouldContain(_owner, "its owner lives");
            living.IsDetached.ShouldBe(_writtenDetached, "what is known is what is written");
            var holding = _open.Where(call => living.IsHeldBy(call.Hold)).ToList();
            holding.Count.ShouldBeLessThanOrEqualTo(1);
            (living.IsDetached || holding.Count == 1).ShouldBeTrue("it is held, or was let live on");
            holding.ShouldAllBe(call => call.Owner == _owner);
        }

        private VmProcessId Process(int index) => new(100 + index, _starts[index], Guid.Empty);

        private void Acquire(VmProcessId process, string request)
        {
            if (_sandbox is null)
            {
                (_sandbox, _owner, _request, _writtenDetached) = (new Ownership(process, request), process, request, false);
            }

            var wasOver = _sandbox.Over is not null;
            var claim = _sandbox.Take(process, request, out var hold);
            Claims.Add(claim);
            claim.ShouldBe(wasOver ? Claim.Over : process != _owner ? Claim.Owned : request == _request ? Claim.Held : Claim.OtherRequest);
            if (claim == Claim.Held)
            {
                _open.Add((hold, process));
            }
        }

        /// <summary>Another process gets its number.</summary>
        private void Die(int index)
        {
            var died = Process(index);
            _starts[index]++;
            if (_sandbox is not null && died == _owner)
            {
                _sandbox.End("its owner ended");
            }
        }

        private void Restart(int dieMeanwhile)
        {
            _open.Clear();
            if (dieMeanwhile < 3)
            {
                _starts[dieMeanwhile]++;
            }

            if (_sandbox is null)
            {
                return;
            }

            var lives = Enumerable.Range(0, 3).Select(Process).Contains(_owner);
            var wasOver = _sandbox.Over is not null;
            _sandbox = wasOver ? null : Ownership.Recover(_owner, _request, _writtenDetached, lives);
            KeptByRestarts += _sandbox is { Over: null } ? 1 : 0;
            EndedByRestarts += _sandbox is { Over: not null } ? 1 : 0;
        }
    }
}
