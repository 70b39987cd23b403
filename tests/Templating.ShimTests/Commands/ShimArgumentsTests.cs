using Templating.Shim.Commands;

namespace Templating.ShimTests.Commands;

public sealed class ShimArgumentsTests
{
    [Fact]
    public void ContainerdsFlagsAreUnderstood()
    {
        string[] line =
        [
            "-namespace", "k8s.io", "-address", "/run/containerd/containerd.sock", "-publish-binary", "/usr/bin/containerd", "-id", "abc123", "-debug", "start",
        ];

        var arguments = ShimArguments.Parse(line, out var problem);

        problem.ShouldBeEmpty();
        arguments!.Action.ShouldBe(ShimArguments.Start);
        (arguments.Namespace, arguments.Address, arguments.Id, arguments.Debug).ShouldBe(("k8s.io", "/run/containerd/containerd.sock", "abc123", true));
    }

    [Fact]
    public void ABundleIsNamedForDeleteAndTwoDashesAndEqualSignsAreGosToo()
    {
        var arguments = ShimArguments.Parse(["--namespace=default", "-id=a.b_c", "-bundle", "/run/b", "delete"], out _);

        (arguments!.Action, arguments.Bundle, arguments.Id).ShouldBe((ShimArguments.Delete, "/run/b", "a.b_c"));
    }

    [Fact]
    public void TheVersionNeedsNothingElse() => ShimArguments.Parse(["-v"], out _)!.Action.ShouldBe(ShimArguments.Version);

    [Theory]
    [InlineData("-wrong is unknown", "-wrong", "x", "start")]
    [InlineData("-id has no value", "-id")]
    [InlineData("'stop' is unknown", "-namespace", "n", "-id", "i", "stop")]
    [InlineData("'' is unknown", "-namespace", "n", "-id", "i")]
    [InlineData("one action is allowed", "start", "delete")]
    [InlineData("-namespace", "-id", "i", "start")]
    [InlineData("(-id)", "-namespace", "n", "-id", "../i", "start")]
    [InlineData("(-id)", "-namespace", "n", "-id", "", "start")]
    public void WhatIsNotContainerdsIsRefusedWithWhatIsExpected(string told, params string[] line)
    {
        ShimArguments.Parse(line, out var problem).ShouldBeNull();
        problem.Replace("'-wrong'", "-wrong", StringComparison.Ordinal).ShouldContain(told);
    }

    [Fact]
    public void TooManyAndTooLongArgumentsAreRefused()
    {
        ShimArguments.Parse([.. Enumerable.Repeat("-debug", 65)], out _).ShouldBeNull();
        ShimArguments.Parse(["-id", new string('a', 5000), "start"], out _).ShouldBeNull();
    }
}
