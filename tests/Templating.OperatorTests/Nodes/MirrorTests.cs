using Templating.Api.Client;
using Templating.Operator.Nodes;
using Templating.V1;

namespace Templating.OperatorTests.Nodes;

public sealed class MirrorTests
{
    [Fact]
    public void ADaemonThatTellsOfMoreThanItCanHaveIsNotBelieved()
    {
        var mirror = new Mirror<VmPod>(pod => pod.PodUid, _ => { });
        var told = 0;
        Should.Throw<TemplatingClientException>(() =>
        {
            while (true)
            {
                mirror.Take(ChangeType.Added, new VmPod { PodUid = $"{told++}", StateReason = new string('x', 1000) });
            }
        });

        told.ShouldBeInRange((int)(Mirror<VmPod>.MaxBytes / 1400), (int)(Mirror<VmPod>.MaxBytes / 1200));
        mirror.All.Count.ShouldBe(told - 1);
    }

    [Fact]
    public void WhatIsGoneOrChangedLeavesItsRoom()
    {
        var mirror = new Mirror<VmPod>(pod => pod.PodUid, _ => { });
        for (var i = 0; i < 100_000; i++)
        {
            var pod = new VmPod { PodUid = $"{i % 10}", StateReason = $"{i}" + new string('x', 1000) };
            mirror.Take(i % 3 == 0 ? ChangeType.Deleted : ChangeType.Added, pod);
        }

        mirror.All.Count.ShouldBeLessThanOrEqualTo(10);
    }
}
