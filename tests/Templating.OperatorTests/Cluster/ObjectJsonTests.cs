using System.Text;
using System.Text.Json;
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
