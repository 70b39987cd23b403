using System.Text.Json;
using System.Text.Json.Nodes;
using k8s;
using k8s.Models;
using Templating.Operator.Legacy;

namespace Templating.Operator.Cluster;

/// <summary>
/// Every write to the API server goes through here: counted, limited and remembered in the cache. A refusal is an
/// <c>HttpOperationException</c>; <see cref="ClusterErrors"/> tells which kind.
/// </summary>
internal sealed class ClusterWriter(ClusterApi api, Caches caches, ClusterMetrics metrics, ILogger<ClusterWriter> logger) : IDisposable
{
    public const string FieldManager = "templating-operator";

    private const string Apply = "application/apply-patch+yaml";
    private const string Merge = "application/merge-patch+json";

    // More at once only queue up in the server, which then has its own limits hit other clients.
    private readonly SemaphoreSlim _limit = new(32);

    // Each new pod brings several writes of the scheduler's and the kubelet's. A server that is short of time would have so many of those under way
    // that a VMClone whose VM waits waits among them; one that is not makes hundreds a second eight at a time.
    private readonly SemaphoreSlim _creations = new(8);

    public async Task<T> CreateAsync<T>(T item, CancellationToken cancellationToken)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var type = ResourceType.Of<T>();
        Fill(item, type);
        var path = $"{type.Collection(item.Metadata.NamespaceProperty ?? "")}?fieldManager={FieldManager}";
        await _creations.WaitAsync(cancellationToken);
        try
        {
            return await WriteAsync<T>("create", HttpMethod.Post, path, ObjectJson.Write(item), null, type.Plural, ObjectKey.Of(item), cancellationToken);
        }
        finally
        {
            _creations.Release();
        }
    }

    /// <summary>Server-side apply under our field manager, forced: the fields in it are ours.</summary>
    public Task<T> ApplyAsync<T>(T item, CancellationToken cancellationToken)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var type = ResourceType.Of<T>();
        Fill(item, type);
        var key = ObjectKey.Of(item);
        return WriteAsync<T>(
            "apply", HttpMethod.Patch, $"{type.Item(key)}?fieldManager={FieldManager}&force=true", ObjectJson.Write(item), Apply,
            type.Plural, key, cancellationToken);
    }

    /// <summary>
    /// Server-side apply of the status alone. Nothing is written where the cache's object has that status already.
    /// </summary>
    public async Task<T> ApplyStatusAsync<T, TStatus>(T current, TStatus status, CancellationToken cancellationToken)
        where T : class, IKubernetesObject<V1ObjectMeta>, IStatus<TStatus?>
        where TStatus : class
    {
        var type = ResourceType.Of<T>();
        var key = ObjectKey.Of(current);
        var wanted = EmptyTexts.Remove(ObjectJson.Node(status));
        var known = caches.Find<T>()?.Get(key) is { } cached && cached.Metadata.Uid == current.Metadata.Uid ? cached : current;
        if (HasStatus(known.Status, wanted))
        {
            return known;
        }

        var body = new JsonObject
        {
            ["apiVersion"] = type.ApiVersion,
            ["kind"] = type.Kind,
            // The uid is a precondition: another object of that name since then must not get this status.
            ["metadata"] = new JsonObject { ["name"] = key.Name, ["namespace"] = key.Namespace, ["uid"] = current.Metadata.Uid },
            ["status"] = wanted,
        };
        return await WriteAsync<T>(
            "apply", HttpMethod.Patch, $"{type.Item(key)}/status?fieldManager={FieldManager}&force=true", body.ToJsonString(), Apply,
            $"{type.Plural}/status", key, cancellationToken);
    }

    /// <summary>Whether writing that status would change nothing.</summary>
    public static bool HasStatus<T, TStatus>(T item, TStatus status)
        where T : IStatus<TStatus?>
        where TStatus : class => HasStatus(item.Status, EmptyTexts.Remove(ObjectJson.Node(status)));

    /// <summary>A JSON merge patch, where null means "take away"; put metadata.resourceVersion into it to have it refused (409) when somebody else was first.</summary>
    public Task<T> PatchAsync<T>(ObjectKey key, JsonObject mergePatch, CancellationToken cancellationToken)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var type = ResourceType.Of<T>();
        return WriteAsync<T>(
            "patch", HttpMethod.Patch, $"{type.Item(key)}?fieldManager={FieldManager}", mergePatch.ToJsonString(), Merge,
            type.Plural, key, cancellationToken);
    }

    /// <summary>Deletes it where it still is the one with that uid. One that is gone is no error.</summary>
    /// <param name="key">Which.</param>
    /// <param name="uid">Null for whichever has the name now.</param>
    /// <param name="gracePeriodSeconds">Null for the object's own; 0 only for pods of nodes that are gone.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async Task DeleteAsync<T>(ObjectKey key, string? uid, int? gracePeriodSeconds, CancellationToken cancellationToken)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var type = ResourceType.Of<T>();
        var options = new V1DeleteOptions
        {
            ApiVersion = "v1",
            Kind = "DeleteOptions",
            GracePeriodSeconds = gracePeriodSeconds,
            PropagationPolicy = "Background",
            Preconditions = uid is null ? null : new V1Preconditions { Uid = uid },
        };
        try
        {
            // The answer is the object or a Status: nothing of it is needed.
            await CallAsync<JsonElement>(
                "delete", HttpMethod.Delete, type.Item(key), ObjectJson.Write(options), null, type.Plural, key, cancellationToken);
        }
        catch (k8s.Autorest.HttpOperationException e) when (ClusterErrors.KindOf(e) is ClusterErrorKind.NotFound
            || (uid is not null && ClusterErrors.KindOf(e) == ClusterErrorKind.Conflict))
        {
            // Gone, or another one has its name now.
        }
    }

    /// <summary>Deletes it where nobody changed it since: what this process knows of it is still so.</summary>
    /// <returns>False where somebody did; true also where it is gone.</returns>
    public async Task<bool> DeleteUnchangedAsync<T>(T item, CancellationToken cancellationToken)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var type = ResourceType.Of<T>();
        var key = ObjectKey.Of(item);
        var options = new V1DeleteOptions
        {
            ApiVersion = "v1",
            Kind = "DeleteOptions",
            PropagationPolicy = "Background",
            Preconditions = new V1Preconditions { Uid = item.Metadata.Uid, ResourceVersion = item.Metadata.ResourceVersion },
        };
        try
        {
            await CallAsync<JsonElement>(
                "delete", HttpMethod.Delete, type.Item(key), ObjectJson.Write(options), null, type.Plural, key, cancellationToken);
            return true;
        }
        catch (k8s.Autorest.HttpOperationException e) when (ClusterErrors.Is(e, ClusterErrorKind.NotFound))
        {
            return true;
        }
        catch (k8s.Autorest.HttpOperationException e) when (ClusterErrors.Is(e, ClusterErrorKind.Conflict))
        {
            return false;
        }
    }

    public void Dispose()
    {
        _limit.Dispose();
        _creations.Dispose();
    }

    private static bool HasStatus<TStatus>(TStatus? has, JsonNode? wanted)
        where TStatus : class => has is not null && JsonNode.DeepEquals(EmptyTexts.Remove(ObjectJson.Node(has)), wanted);

    private static void Fill<T>(T item, ResourceType type)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        item.ApiVersion = type.ApiVersion;
        item.Kind = type.Kind;
    }

    private async Task<T> WriteAsync<T>(
        string verb, HttpMethod method, string path, string body, string? contentType, string resource, ObjectKey key, CancellationToken cancellationToken)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var written = await CallAsync<T>(verb, method, path, body, contentType, resource, key, cancellationToken);
        caches.Find<T>()?.Remember(written);
        return written;
    }

    private async Task<T> CallAsync<T>(
        string verb, HttpMethod method, string path, string body, string? contentType, string resource, ObjectKey key, CancellationToken cancellationToken)
    {
        await _limit.WaitAsync(cancellationToken);
        var outcome = "cancelled";
        try
        {
            var answer = await api.SendAsync<T>(method, path, body, contentType, cancellationToken);
            outcome = "ok";
            Log.Written(logger, verb, resource, key.ToString());
            return answer;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            var kind = ClusterErrors.KindOf(e);
            outcome = kind switch
            {
                ClusterErrorKind.None => "error",
                ClusterErrorKind.AlreadyExists => "already_exists",
                ClusterErrorKind.NotFound => "not_found",
                _ => kind.ToString().ToLowerInvariant(),
            };
            if (kind == ClusterErrorKind.Conflict)
            {
                metrics.Conflicted(resource);
            }

            throw;
        }
        finally
        {
            _limit.Release();
            metrics.Wrote(verb, resource, outcome);
        }
    }
}
