using System.Security.Cryptography;
using System.Threading.Channels;
using k8s;
using k8s.Models;
using Templating.Contract;

namespace Templating.Operator.Cluster;

/// <summary>
/// Records Events one after the other in the background. The same one about the same object within a minute is told once; when
/// 1,000 wait, more are lost, and counted: Events are for people, who read none of so many.
/// </summary>
internal sealed class Events(ClusterApi api, ClusterMetrics metrics, TimeProvider time, ILogger<Events> logger) : IEvents
{
    private const int MaxWaiting = 1000;
    private const int MaxRemembered = 4096;

    // The API's bound.
    private const int MaxMessage = 1024;

    private static readonly TimeSpan Quiet = TimeSpan.FromMinutes(1);
    private readonly Channel<Corev1Event> _waiting = Channel.CreateBounded<Corev1Event>(MaxWaiting);
    private readonly Lock _lock = new();
    private readonly Dictionary<(string? Uid, string Reason, string Message), TimeSpan> _told = [];

    public void Normal(IKubernetesObject<V1ObjectMeta> about, string reason, string message) => Tell("Normal", about, reason, message);

    public void Warning(IKubernetesObject<V1ObjectMeta> about, string reason, string message) => Tell("Warning", about, reason, message);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await foreach (var item in _waiting.Reader.ReadAllAsync(cancellationToken))
        {
            var about = $"{item.InvolvedObject.Kind} {item.InvolvedObject.NamespaceProperty}/{item.InvolvedObject.Name}";
            try
            {
                var path = $"{ResourceType.Of<Corev1Event>().Collection(item.Metadata.NamespaceProperty)}?fieldManager={ClusterWriter.FieldManager}";
                await api.SendAsync<Corev1Event>(HttpMethod.Post, path, ObjectJson.Write(item), null, cancellationToken);
                metrics.Wrote("create", "events", "ok");
            }
            catch (Exception e) when (ClusterErrors.KindOf(e) != ClusterErrorKind.None || e is k8s.Autorest.HttpOperationException)
            {
                metrics.Wrote("create", "events", "error");
                metrics.LostEvent();
                Log.EventLost(logger, item.Reason, about, e.Message);
            }
        }
    }

    private void Tell(string type, IKubernetesObject<V1ObjectMeta> about, string reason, string message)
    {
        message = message.Length <= MaxMessage ? message : message[..MaxMessage];
        var now = time.GetUtcNow();
        if (!IsNews(about.Metadata.Uid, reason, message, time.Steady()))
        {
            return;
        }

        // Those of a cluster's object are in "default", as everybody has it.
        var @namespace = about.Metadata.NamespaceProperty is { Length: > 0 } own ? own : "default";
        var item = new Corev1Event
        {
            ApiVersion = "v1",
            Kind = "Event",
            Metadata = new V1ObjectMeta { Name = $"{about.Metadata.Name}.{RandomNumberGenerator.GetHexString(16, lowercase: true)}", NamespaceProperty = @namespace },
            InvolvedObject = new V1ObjectReference
            {
                ApiVersion = about.ApiVersion,
                Kind = about.Kind,
                Name = about.Metadata.Name,
                NamespaceProperty = about.Metadata.NamespaceProperty,
                Uid = about.Metadata.Uid,
                ResourceVersion = about.Metadata.ResourceVersion,
            },
            Type = type,
            Reason = reason,
            Message = message,
            Source = new V1EventSource { Component = ClusterWriter.FieldManager },
            FirstTimestamp = now.UtcDateTime,
            LastTimestamp = now.UtcDateTime,
            Count = 1,
        };
        if (!_waiting.Writer.TryWrite(item))
        {
            metrics.LostEvent();
        }
    }

    private bool IsNews(string? uid, string reason, string message, TimeSpan now)
    {
        lock (_lock)
        {
            var key = (uid, reason, message);
            if (_told.TryGetValue(key, out var last) && now - last < Quiet)
            {
                return false;
            }

            if (_told.Count >= MaxRemembered)
            {
                foreach (var (old, when) in _told.ToList())
                {
                    if (now - when >= Quiet)
                    {
                        _told.Remove(old);
                    }
                }

                if (_told.Count >= MaxRemembered)
                {
                    _told.Clear();
                }
            }

            _told[key] = now;
            return true;
        }
    }
}
