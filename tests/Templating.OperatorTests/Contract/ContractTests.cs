using System.Collections.Concurrent;
using System.Net;
using k8s;
using k8s.Autorest;
using k8s.Models;
using Templating.Contract;
using Templating.Core.Errors;
using Templating.Kubernetes;
using Templating.Kubernetes.Resources;
using Templating.Node.Authorization;
using Templating.Node.Mapping;
using Templating.Operator.Cluster;
using Templating.Operator.Reconcilers.Clones.Steps;
using Templating.Operator.Reconcilers.Clones.Work;
using Templating.Operator.Reconcilers.Templates;
using Templating.OperatorTests.Harness;
using Templating.V1;

namespace Templating.OperatorTests.Contract;

/// <summary>
/// What the API server takes, what the operator takes and what a node takes is the same: an input that only the node refuses
/// would cost a VM each time it is tried. Where a schema has no words for a rule, it may take more; the table says why.
/// </summary>
public sealed class ContractTests
{
    /// <summary>What a server of 1.20 says of "", which it takes for null (<see cref="Templating.Operator.Legacy.EmptyTexts"/>); later ones do not.</summary>
    private const string EmptyText = "must be of type string: \\\"null\\\"";

    private static readonly Caller Root = new(new UnixPeer(1, 0, 0), TenantSet.All);

    [Fact]
    public async Task SchemaOperatorAndNodeJudgeAVMCloneAlike()
    {
        await using var server = await Schema.OfAsync(VMClone.Plural);
        await CompareAsync(CloneCases.All, Sound, async (@case, clone) =>
        {
            @case.Change(clone.Spec);
            var (inputs, missing) = await new InputReader(NoSecrets).ReadAsync(clone, CancellationToken.None);
            var work = new CloneWork(clone, DateTimeOffset.UnixEpoch) { Inputs = inputs };
            var activation = Activate.Request(work, new VmPod { Name = "tenants/t/pods/u" }).Activation;
            var node = Takes(() => ActivationReader.Read(activation));
            if (activation.Forwards.Count == 0)
            {
                // A clone of a node is another message with the same inputs.
                Takes(() => CloneReader.Create(RequestOf(activation), Root, DateTimeOffset.UnixEpoch)).ShouldBe(node, @case.Name);
            }

            return new Verdicts(await server.RefusalAsync(clone), CloneRules.Check(clone, null).Count == 0 && missing.Count == 0, node);
        });
    }

    [Fact]
    public async Task SchemaOperatorAndNodeJudgeAVMTemplateAlike()
    {
        await using var server = await Schema.OfAsync(VMTemplate.Plural);
        await CompareAsync(TemplateCases.All, SoundTemplate, async (@case, template) =>
        {
            @case.Change(template);
            var request = NodeRequests.Create(template, Revisions.Of(template.Spec), "");
            return new Verdicts(
                await server.RefusalAsync(template), TemplateRules.Check(template).Count == 0, Takes(() => TemplateReader.Create(request, Root, Timeouts.Readiness)));
        });
    }

    /// <summary>0000 is a mode that somebody may want; 0600 is what unset means, and nothing else.</summary>
    [Theory]
    [InlineData(null, 0x180)]
    [InlineData(0, 0)]
    [InlineData(0x1a4, 0x1a4)]
    public async Task AFilesModeIsTheOneThatWasGiven(int? given, int expected)
    {
        var clone = Sound();
        clone.Spec.Files = [new VMFile { Path = "/a", Mode = given }];
        var (inputs, _) = await new InputReader(NoSecrets).ReadAsync(clone, CancellationToken.None);
        var work = new CloneWork(clone, DateTimeOffset.UnixEpoch) { Inputs = inputs };

        ActivationReader.Read(Activate.Request(work, new VmPod()).Activation).Inputs.Files.ShouldHaveSingleItem().Mode.ShouldBe(expected);
    }

    private static VMClone Sound() => new()
    {
        Metadata = new V1ObjectMeta { Name = "one", NamespaceProperty = "t", Uid = "0b86cc9f-2a6b-4d3c-9a5e-3d0a4c1e7f21" },
        Spec = new VMCloneSpec { Template = "web" },
    };

    private static VMTemplate SoundTemplate() => new()
    {
        Metadata = new V1ObjectMeta { Name = "web", NamespaceProperty = "t", Uid = "0b86cc9f-2a6b-4d3c-9a5e-3d0a4c1e7f21" },
        Spec = new VMTemplateSpec { Guest = new VMGuest { Kernel = new VMFileSource { Path = "/guests/vmlinuz" } } },
    };

    private static CreateCloneRequest RequestOf(Activation activation) => new()
    {
        Spec = new CloneSpec
        {
            Template = "tenants/t/templates/web",
            Hostname = activation.Hostname,
            Environment = { activation.Environment },
            UserData = activation.UserData,
            Files = { activation.Files },
            IdentityTimeout = activation.IdentityTimeout,
        },
    };

    private static async Task CompareAsync<TCase, T>(IEnumerable<Case<TCase>> cases, Func<T> sound, Func<Case<TCase>, T, Task<Verdicts>> judge)
    {
        var wrong = new ConcurrentBag<string>();
        await Parallel.ForEachAsync(cases, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (@case, _) =>
        {
            var found = await judge(@case, sound());
            var expected = (@case.Legal || @case.Beyond is not null, @case.Legal, @case.Legal || @case.Unseen is not null);
            var taken = found.Schema is null || (expected.Item1 && found.Schema.Contains(EmptyText, StringComparison.Ordinal));
            if ((taken, found.Operator, found.Node) != expected)
            {
                wrong.Add($"{@case}: {found}; expected is {expected}");
            }
        });
        wrong.ShouldBeEmpty();
    }

    private static bool Takes(Func<object> read)
    {
        try
        {
            read();
            return true;
        }
        catch (TemplatingException refusal) when (refusal.Code == ErrorCode.InvalidArgument)
        {
            return false;
        }
    }

    /// <summary>Never asked: no case has a value of a Secret. What is read from one is judged by the same rules.</summary>
    private static readonly ClusterApi NoSecrets = new(connection: null!, TimeProvider.System);

    /// <param name="Schema">The server's words; null where it takes it.</param>
    private sealed record Verdicts(string? Schema, bool Operator, bool Node);

    /// <summary>A real server asked to create, and to keep nothing of it.</summary>
    private sealed class Schema(k8s.Kubernetes client, string space, string plural) : IAsyncDisposable
    {
        public static async Task<Schema> OfAsync(string plural)
        {
            var client = (await SharedCluster.GetAsync()).Client();
            return new Schema(client, await Namespaces.CreateAsync(client), plural);
        }

        /// <returns>Null where it takes it.</returns>
        public async Task<string?> RefusalAsync(IKubernetesObject<V1ObjectMeta> item)
        {
            var (name, tenant, uid) = (item.Metadata.Name, item.Metadata.NamespaceProperty, item.Metadata.Uid);
            item.Metadata = new V1ObjectMeta { Name = name, NamespaceProperty = space };
            try
            {
                await client.CustomObjects.CreateNamespacedCustomObjectAsync<object>(item, Group.Name, Group.Version, space, plural, dryRun: "All");
                return null;
            }
            catch (HttpOperationException refusal) when (refusal.Response.StatusCode == HttpStatusCode.UnprocessableEntity)
            {
                return refusal.Response.Content;
            }
            finally
            {
                item.Metadata = new V1ObjectMeta { Name = name, NamespaceProperty = tenant, Uid = uid };
            }
        }

        public ValueTask DisposeAsync()
        {
            client.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
