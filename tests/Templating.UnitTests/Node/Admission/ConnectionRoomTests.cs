using Templating.Node.Admission;
using Templating.Node.Options;

namespace Templating.UnitTests.Node.Admission;

public sealed class ConnectionRoomTests
{
    [Theory]
    [InlineData(1_048_576, 4096, true)]
    [InlineData(512 + 10_000 + 4096, 4096, true)]
    [InlineData(512 + 10_000 + 4095, 4095, false)]
    [InlineData(1024, 64, false)]
    public void ConnectionsLeaveTheDescriptorsThatVmsNeed(long descriptors, long connections, bool isEnough) =>
        ConnectionRoom.Of(new NodeOptions(), descriptors).ShouldBe(new ConnectionRoom(connections, descriptors, isEnough));

    [Fact]
    public void NoMoreAreTakenThanWereAskedFor() =>
        ConnectionRoom.Of(new NodeOptions { MaxConnections = 100 }, 1_048_576).Connections.ShouldBe(100);
}
