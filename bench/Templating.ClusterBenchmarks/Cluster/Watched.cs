using Templating.Kubectl.Load.Api;

namespace Templating.ClusterBenchmarks.Cluster;

/// <summary>A kind of objects, and the connection by which they are watched.</summary>
internal sealed record Watched(LoadApi Api, LoadKind Kind);
