using System.Text;
using Templating.OwnerPort.Requests;
using Templating.Shim.Errors;
using Templating.Shim.Specs;

namespace Templating.ShimTests.Specs;

public sealed class ContainerUpdateTests
{
    public static TheoryData<string, ContainerLimits> Updates() => new()
    {
        { "{}", new ContainerLimits() },
        { """{"memory":{"limit":1048576,"swap":1048576},"cpu":{"shares":1024,"quota":50000,"period":200000},"pids":{"limit":9}}""",
          new ContainerLimits { MemoryBytes = 1048576, CpuQuota = 50000, CpuPeriod = 200000, CpuWeight = 39, Processes = 9 } },
        { """{"memory":{"limit":-1},"cpu":{"quota":-1},"pids":{"limit":-1}}""",
          new ContainerLimits { MemoryBytes = 0, CpuQuota = 0, CpuPeriod = 100000, Processes = 0 } },
        { """{"memory":{"limit":0},"cpu":{"shares":0,"quota":0,"period":100000,"cpus":"0-1"},"pids":{"limit":0}}""", new ContainerLimits() },
        { """{"memory":{"limit":9223372036854771712},"cpu":{"shares":2}}""", new ContainerLimits { MemoryBytes = 0, CpuWeight = 1 } },
        { """{"cpu":{"shares":262144}}""", new ContainerLimits { CpuWeight = 10_000 } },
        { """{"cpu":{"shares":9999999}}""", new ContainerLimits { CpuWeight = 10_000 } },
    };

    [Theory]
    [MemberData(nameof(Updates))]
    public void WhatIsNotSaidStaysAndWhatIsNegativeIsNoLimit(string json, ContainerLimits limits) =>
        ContainerUpdate.Parse(Encoding.UTF8.GetBytes(json)).ShouldBe(limits);

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{")]
    public void WhatIsNoResourcesIsRefused(string json) => Should.Throw<ShimException>(() => ContainerUpdate.Parse(Encoding.UTF8.GetBytes(json)));
}
