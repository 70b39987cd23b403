using CsCheck;
using Grpc.Core;
using Templating.Contract;
using Templating.Core.Errors;
using Templating.Node.Mapping;
using Templating.UnitTests.Node.Fakes;
using Templating.V1;

namespace Templating.UnitTests.Node.Services;

public sealed class ListTests
{
    /// <summary>Whatever comes and goes between the pages: what was there all the time is listed exactly once, in order.</summary>
    [Fact]
    public void PagesAreCompleteAndStableWhileObjectsComeAndGo() =>
        Gen.Select(Gen.Int[0, 60].HashSet[0, 40], Gen.Int[0, 60].HashSet[0, 20], Gen.Int[0, 60].HashSet[0, 20], Gen.Int[1, 7], Gen.Int[0, 5])
            .Sample((first, added, removed, size, changeAt) =>
            {
                var now = first.ToHashSet();
                var listed = new List<string>();
                string? after = null;
                for (var page = 0; ; page++)
                {
                    if (page == changeAt)
                    {
                        now.ExceptWith(removed);
                        now.UnionWith(added);
                    }

                    listed.AddRange(Pages.Cut(now, i => $"{i:D2}", after, size, i => new VmClone { Id = $"{i:D2}" }, out after).Select(c => c.Id));
                    if (after is null)
                    {
                        break;
                    }
                }

                var always = first.Except(removed.Except(added)).Select(i => $"{i:D2}");
                listed.ShouldBe(listed.Order(StringComparer.Ordinal).Distinct());
                always.Except(listed).ShouldBeEmpty();
                listed.Except(first.Union(added).Select(i => $"{i:D2}")).ShouldBeEmpty();
            }, iter: 2000);

    [Fact]
    public void ATokenServesOnlyTheQueryThatReturnedIt() => Gen.Select(Gen.String, Gen.String, Gen.String[1, 80]).Sample((filter, other, key) =>
    {
        var token = PageToken.Write(filter, key);
        Read(token, filter).ShouldBe((Roundtrip(key), false));
        if (filter != other)
        {
            Read(token, other).Refused.ShouldBeTrue();
        }

        Read(token + "A", filter).Refused.ShouldBeTrue();
        Read(token[..^2], filter).Refused.ShouldBeTrue();

        static string Roundtrip(string text) => System.Text.Encoding.UTF8.GetString(System.Text.Encoding.UTF8.GetBytes(text));
    });

    [Fact]
    public async Task AllClonesAreListedPageByPage()
    {
        await using var daemon = await TestDaemon.StartAsync();
        await daemon.BuildAsync();
        var clones = new CloneService.CloneServiceClient(daemon.Connect());
        var made = await clones.CreateClones(new CreateClonesRequest { Count = 7, Spec = new CloneSpec { Template = "tenants/a/templates/t" } })
            .ResponseStream.ReadAllAsync().Select(r => r.Clone_.Name).ToListAsync();

        var listed = new List<string>();
        var request = new ListClonesRequest { Parent = "tenants/a", PageSize = 3, View = CloneView.Full };
        do
        {
            var page = await clones.ListClonesAsync(request);
            page.Clones.Count.ShouldBeLessThanOrEqualTo(3);
            page.Clones.ShouldAllBe(clone => clone.Memory != null);
            listed.AddRange(page.Clones.Select(clone => clone.Name));
            request.PageToken = page.NextPageToken;
        }
        while (request.PageToken.Length > 0);

        listed.ShouldBe(made.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task ABadTokenSizeAndParentAreAllTold()
    {
        await using var daemon = await TestDaemon.StartAsync();
        var clones = new CloneService.CloneServiceClient(daemon.Connect());

        (await Errors.FailureOf(async () => await clones.ListClonesAsync(
            new ListClonesRequest { Parent = "x", PageSize = 1001, PageToken = "?", View = (CloneView)9 })))
            .Fields().ShouldBe(["parent", "page_token", "page_size", "view"], ignoreOrder: true);
    }

    private static (string? Key, bool Refused) Read(string token, string filter)
    {
        var faults = new Faults();
        var key = PageToken.Read(token, filter, faults);
        try
        {
            faults.ThrowIfAny();
            return (key, false);
        }
        catch (Core.Errors.TemplatingException)
        {
            return (key, true);
        }
    }
}
