using System.Text;
using System.Text.Json;
using k8s;
using k8s.Models;
using Templating.Kubernetes.Resources;
using Templating.Operator.Cluster;

namespace Templating.OperatorTests.Cluster;

public sealed class ObjectJsonTests
{
    [Fact]
    public void WhatNobodyLooksAtIsNotRead()
    {
        var pod = Read<V1Pod>("""
            {
              "metadata": {"name": "p", "managedFields": [{"manager": "kubectl"}]},
              "spec": {
                "nodeName": "n", "restartPolicy": "Never", "volumes": [{"name": "v"}], "initContainers": [{"name": "i"}],
                "containers": [{"name": "vm", "image": "x", "env": [{"name": "A"}], "ports": [{"containerPort": 80}]}]
              },
              "status": {"phase": "Running", "podIP": "10.0.0.1", "podIPs": [{"ip": "10.0.0.1"}], "conditions": [{"type": "Ready", "status": "True"}]}
            }
            """);

        (pod.Metadata.Name, pod.Spec.NodeName, pod.Spec.RestartPolicy, pod.Status.Phase, pod.Status.PodIP).ShouldBe(("p", "n", "Never", "Running", "10.0.0.1"));
        (pod.Spec.Containers[0].Name, pod.Spec.Containers[0].Ports[0].ContainerPort, pod.Status.Conditions[0].Type).ShouldBe(("vm", 80, "Ready"));
        pod.Metadata.ManagedFields.ShouldBeNull();
        pod.Spec.Volumes.ShouldBeNull();
        pod.Spec.InitContainers.ShouldBeNull();
        pod.Spec.Containers[0].Image.ShouldBeNull();
        pod.Spec.Containers[0].Env.ShouldBeNull();
        pod.Status.PodIPs.ShouldBeNull();
        Read<V1Node>("""{"status": {"images": [{"sizeBytes": 1}], "conditions": [{"type": "Ready"}]}}""").Status.Images.ShouldBeNull();
    }

    /// <summary>All of it, whatever of it is not read.</summary>
    [Fact]
    public void WhatIsWrittenIsAsKubernetesClientWritesIt()
    {
        var time = new DateTime(2026, 1, 2, 3, 4, 5, 678, DateTimeKind.Utc);
        var pod = new V1Pod
        {
            ApiVersion = "v1",
            Kind = "Pod",
            Metadata = new() { Name = "ä<p>", Labels = new Dictionary<string, string> { ["a"] = "b" }, CreationTimestamp = time, ManagedFields = [new() { Manager = "m" }] },
            Spec = new()
            {
                Containers =
                [
                    new()
                    {
                        Name = "vm",
                        Resources = new() { Limits = new Dictionary<string, ResourceQuantity> { ["memory"] = new("512Mi") } },
                        LivenessProbe = new() { HttpGet = new() { Port = 80 } },
                        Env = [new() { Name = "IP", ValueFrom = new() { FieldRef = new() { FieldPath = "status.podIP" } } }],
                    },
                ],
                Volumes = [new() { Name = "v", EmptyDir = new() { SizeLimit = new("1Mi") } }],
            },
        };

        Same(pod);
        Same(new V1Lease { Spec = new() { HolderIdentity = "me", RenewTime = time, LeaseTransitions = 0 } });
        Same(new Corev1Event { Metadata = new() { Name = "e" }, InvolvedObject = new() { Kind = "Pod" }, LastTimestamp = time, Count = 1 });
        Same(new V1DeleteOptions { GracePeriodSeconds = 0, Preconditions = new() { Uid = "u" } });
        Same(new VMClone { Spec = new() { Pool = "p", ShutdownTime = time }, Status = new() { StartSeconds = 0.25, ReadyTime = time, Given = new() { ["env"] = "x" } } });
        Same(new VMPool { Spec = new() { Template = "t" }, Status = new() { Conditions = [new() { Type = "Ready", LastTransitionTime = time }] } });

        static void Same<T>(T item)
            where T : class
        {
            ObjectJson.Write(item).ShouldBe(KubernetesJson.Serialize(item));
            ObjectJson.Node(item).ToJsonString(JsonSerializerOptions.Default).ShouldBe(ObjectJson.Write(item));
        }
    }

    [Fact]
    public void WhatIsReadIsAsKubernetesClientReadsIt()
    {
        const string Secret = """{"metadata":{"name":"s","creationTimestamp":"2026-01-02T03:04:05Z"},"data":{"a":"YQ=="},"type":"Opaque"}""";
        const string Lease = """{"metadata":{"name":"l"},"spec":{"acquireTime":"2026-01-02T03:04:05.678901Z","leaseDurationSeconds":15}}""";
        const string Nodes = """{"metadata":{"resourceVersion":"7"},"items":[{"metadata":{"name":"n"},"status":{"allocatable":{"cpu":"2","memory":"1Gi"}}}]}""";

        Same<V1Secret>(Secret);
        Same<V1Lease>(Lease);
        var nodes = Read<ItemList<V1Node>>(Nodes);
        (nodes.Metadata.ResourceVersion, nodes.Items[0].Status.Allocatable["memory"].ToString()).ShouldBe(("7", "1Gi"));

        static void Same<T>(string json) => KubernetesJson.Serialize(Read<T>(json)!).ShouldBe(KubernetesJson.Serialize(KubernetesJson.Deserialize<T>(json)!));
    }

    [Fact]
    public void ATextThatComesAgainIsTheSameInstance()
    {
        var (one, two) = (Labelled("templating.dev/template", "web"), Labelled("templating.dev/template", "web"));

        one.Key.ShouldBeSameAs(two.Key);
        one.Value.ShouldBeSameAs(two.Value);
    }

    [Theory]
    [InlineData("")]
    [InlineData("plain")]
    [InlineData("ümläute")]
    [InlineData("\\u00fcmläute \\\" \\n")]
    [InlineData("0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789")]
    public void EveryTextIsReadAsItIs(string json)
    {
        var expected = JsonSerializer.Deserialize<string>($"\"{json}\"");
        for (var times = 0; times < 2; times++)
        {
            Labelled(json, json).ShouldBe(KeyValuePair.Create(expected!, expected!));
        }
    }

    /// <summary>More than are remembered, so that they take each other's places.</summary>
    [Fact]
    public void NoTextIsTakenForAnother()
    {
        for (var i = 0; i < 20_000; i++)
        {
            Labelled($"k{i}", $"v{i}").ShouldBe(KeyValuePair.Create($"k{i}", $"v{i}"));
        }
    }

    private static KeyValuePair<string, string> Labelled(string key, string value) =>
        Read<VMPool>($$$"""{"metadata": {"labels": {"{{{key}}}": "{{{value}}}"} } }""").Metadata.Labels.ShouldHaveSingleItem();

    private static T Read<T>(string json)
    {
        using var content = new MemoryStream(Encoding.UTF8.GetBytes(json));
        return ObjectJson.Read<T>(content);
    }
}
