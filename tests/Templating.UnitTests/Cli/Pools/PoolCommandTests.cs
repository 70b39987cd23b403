using Google.Protobuf.WellKnownTypes;
using Templating.Cli.Exits;
using Templating.UnitTests.Cli.Fakes;
using Templating.V1;

namespace Templating.UnitTests.Cli.Pools;

public sealed class PoolCommandTests
{
    private static readonly Pool Sample = new()
    {
        Name = "tenants/default/pools/web",
        Template = "tenants/default/templates/web",
        Sizes = new PoolSizes { Restored = 2, Prepared = 1 },
        Status = new PoolStatus
        {
            Revision = "tenants/default/templates/web/revisions/" + new string('a', 32),
            Restored = 1,
            WantedRestored = 2,
            HitsRestored = 4,
            HitsPrepared = 1,
            Misses = 3,
            ChargedBytes = 192 << 20,
            Problem = PoolProblem.BudgetFull,
            ProblemText = "There is no room.",
            Vms =
            {
                new PoolVm { State = PoolVmState.Restored, Pid = 77, SinceTime = Timestamp.FromDateTimeOffset(CliRun.Now.AddMinutes(-3)), ChargedBytes = 192 << 20 },
            },
        },
    };

    [Fact]
    public async Task SetSaysAllSizesAndTakesTheTemplateOfItsNameWhereNoneIsGiven()
    {
        await using var node = await FakeNode.StartAsync();
        var seen = new List<Pool>();
        node.Pools.OnSet = pool =>
        {
            seen.Add(pool.Clone());
            return Sample;
        };

        (await CliRun.OfAsync(node, "pool", "set", "web", "--restored", "2", "--prepared", "1", "-o", "name")).Out.ShouldBe(Sample.Name + "\n");
        var run = await CliRun.OfAsync(node, "pool", "set", "other", "--tenant", "a", "--template", $"web@{new string('1', 32)}", "--max-restored", "8", "--spare", "2");

        run.Code.ShouldBe(ExitCode.Ok);
        seen.ShouldBe(
        [
            new Pool { Name = Sample.Name, Template = Sample.Template, Sizes = new PoolSizes { Restored = 2, Prepared = 1 } },
            new Pool
            {
                Name = "tenants/a/pools/other",
                Template = "tenants/a/templates/web/revisions/" + new string('1', 32),
                Sizes = new PoolSizes { MaxRestored = 8, Spare = 2 },
            },
        ]);
    }

    [Theory]
    [InlineData("pool", "set", "web", "--restored", "1001")]
    [InlineData("pool", "set", "web", "--restored", "-1")]
    [InlineData("pool", "set", "We_b", "--restored", "1")]
    [InlineData("pool", "set")]
    public async Task WhatCannotBeMeantIsRefusedBeforeAnythingIsAsked(params string[] line) => (await CliRun.OfAsync(line)).Code.ShouldBe(ExitCode.Usage);

    [Fact]
    public async Task ListAndShowTellWhatWaitsOfWhatIsWantedAndWhy()
    {
        await using var node = await FakeNode.StartAsync();
        (await CliRun.OfAsync(node, "pool", "list")).Error.ShouldBe("No pools in tenants/default.\n");
        node.Pools.All = [Sample];

        (await CliRun.OfAsync(node, "pool", "ls")).Out.ShouldBe(
            "NAME  TEMPLATE  RESTORED  PREPARED  HITS  MISSES  PROBLEM\n"
            + "web   web            1/2       0/1     5       3  BudgetFull\n");
        (await CliRun.OfAsync(node, "pool", "list", "--template", "other")).Error.ShouldContain("No pools");
        (await CliRun.OfAsync(node, "pool", "list", "-A", "-o", "wide")).Out.ShouldContain("There is no room.");
        var shown = (await CliRun.OfAsync(node, "pool", "show", "web")).Out;
        shown.ShouldContain("1 of 2");
        shown.ShouldContain("There is no room.");
        shown.ShouldContain("restored, process 77, for 3m, 192MiB");
    }

    [Fact]
    public async Task DeleteTakesANameInFullToo()
    {
        await using var node = await FakeNode.StartAsync();

        (await CliRun.OfAsync(node, "pool", "delete", "web")).Code.ShouldBe(ExitCode.Ok);
        (await CliRun.OfAsync(node, "pool", "rm", "tenants/b/pools/web")).Code.ShouldBe(ExitCode.Ok);

        node.Pools.Deleted.ShouldBe(["tenants/default/pools/web", "tenants/b/pools/web"]);
    }
}
