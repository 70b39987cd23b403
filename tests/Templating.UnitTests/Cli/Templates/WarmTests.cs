using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Templating.Cli.Exits;
using Templating.Cli.Templates;
using Templating.UnitTests.Cli.Fakes;
using Templating.V1;

namespace Templating.UnitTests.Cli.Templates;

/// <summary>What a template's spec file says of VMs that are to wait.</summary>
public sealed class WarmTests
{
    private const string Spec = "guest: {kernel_path: /k}\n";

    [Theory]
    [InlineData("warm: 2", 2, 0, 0)]
    [InlineData("warm: {restored: 1, prepared: 3}", 1, 3, 0)]
    [InlineData("warm: {restored: 1, maxRestored: 4}", 1, 0, 4)]
    [InlineData("warm: {}", 0, 0, 0)]
    public void ANumberOrSizesAreTakenAndAreNoPartOfTheTemplate(string line, int restored, int prepared, int most)
    {
        var file = SpecFile.Parse("f", Spec + line);

        file.Warm.ShouldBe(new PoolSizes { Restored = restored, Prepared = prepared, MaxRestored = most });
        file.Spec.ShouldBe(SpecFile.Parse("f", Spec).Spec);
        SpecFile.Parse("f", Spec).Warm.ShouldBeNull();
    }

    [Theory]
    [InlineData("warm: many", "warm")]
    [InlineData("warm: -1", "warm.restored")]
    [InlineData("warm: {restord: 1}", "warm.restord")]
    [InlineData("warm: {restored: 5, max_restored: 2}", "warm.max_restored")]
    [InlineData("warm: {spare: 1}", "warm.spare")]
    public void WhatItCannotMeanIsRefusedByItsPath(string line, string field) =>
        Should.Throw<CliException>(() => SpecFile.Parse("f", Spec + line)).Violations.ShouldHaveSingleItem().Field.ShouldBe(field);

    [Fact]
    public async Task ThePoolIsSetWhenTheBuildIsDone()
    {
        await using var node = await FakeNode.StartAsync();
        var order = new List<string>();
        node.Templates.OnCreate = async (request, responses, _) =>
        {
            order.Add("built");
            await responses.WriteAsync(new CreateTemplateResponse { Phase = "done", Elapsed = new Duration(), Template = Samples.Template("web") });
        };
        node.Pools.OnSet = pool =>
        {
            order.Add($"{pool.Name} of {pool.Template}: {pool.Sizes.Restored}");
            return pool;
        };

        var run = await CliRun.OfAsync(
            node, host => host with { StandardInput = () => new MemoryStream("guest: {kernel_path: /k}\nwarm: 2"u8.ToArray()) }, ["template", "create", "web", "-f", "-", "--tenant", "a"]);

        run.Code.ShouldBe(ExitCode.Ok, run.Error);
        order.ShouldBe(["built", "tenants/a/pools/web of tenants/a/templates/web: 2"]);
    }

    [Fact]
    public async Task ATemplateThatIsBuiltIsToldOfWhereItsPoolCannotBeSet()
    {
        await using var node = await FakeNode.StartAsync();
        node.Templates.OnCreate = (_, responses, _) => responses.WriteAsync(
            new CreateTemplateResponse { Phase = "done", Elapsed = new Duration(), Template = Samples.Template("web") });
        node.Pools.OnSet = _ => throw Failed.With(StatusCode.ResourceExhausted, "TENANT_QUOTA_EXHAUSTED", "Too many.");

        var run = await CliRun.OfAsync(
            node, host => host with { StandardInput = () => new MemoryStream("guest: {kernel_path: /k}\nwarm: 2"u8.ToArray()) }, ["template", "create", "web", "-f", "-", "-o", "name"]);

        run.Code.ShouldBe(ExitCode.Exhausted);
        run.Out.ShouldBe(Samples.Template("web").Name + "\n");
        run.Error.ShouldContain("is published, but the pool that its file asks for is not set");
        run.Error.ShouldContain("error: Too many.");
    }
}
