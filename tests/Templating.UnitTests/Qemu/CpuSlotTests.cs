using System.Text.Json;
using Templating.Core.Errors;
using Templating.Qemu.Plugging;

namespace Templating.UnitTests.Qemu;

public sealed class CpuSlotTests
{
    /// <summary>As QEMU 10.0 lists them, the last first; a guest has them numbered from the first.</summary>
    [Fact]
    public void PlacesAreInTheOrderOfTheGuestsNumbers()
    {
        var slots = Parse("""
            [{"props": {"core-id": 1, "thread-id": 0, "socket-id": 1}, "vcpus-count": 1, "type": "max-x86_64-cpu"},
             {"props": {"core-id": 0, "thread-id": 0, "socket-id": 1}, "vcpus-count": 1, "type": "max-x86_64-cpu"},
             {"props": {"core-id": 1, "thread-id": 0, "socket-id": 0}, "vcpus-count": 1, "type": "max-x86_64-cpu"},
             {"props": {"core-id": 0, "thread-id": 0, "socket-id": 0}, "vcpus-count": 1, "qom-path": "/machine/unattached/device[0]", "type": "max-x86_64-cpu"}]
            """);

        slots.Select(slot => slot.IsTaken).ShouldBe([true, false, false, false]);
        slots.Select(slot => string.Join(' ', slot.Place.OrderBy(part => part.Key).Select(part => part.Value))).ShouldBe(["0 0 0", "1 0 0", "0 1 0", "1 1 0"]);
        slots[1].Driver.ShouldBe("max-x86_64-cpu");
    }

    [Theory]
    [InlineData("""[{"props": {"core-id": 1}}]""")]
    [InlineData("""[{"type": "max-x86_64-cpu"}]""")]
    [InlineData("""[{"type": "max-x86_64-cpu", "props": 1}]""")]
    public void PlacesThatAreNoneAreRefused(string list) =>
        Should.Throw<TemplatingException>(() => Parse(list)).Code.ShouldBe(ErrorCode.QmpFailed);

    [Fact]
    public void NoListIsNoPlaces() => Parse("{}").ShouldBeEmpty();

    private static IReadOnlyList<CpuSlot> Parse(string json)
    {
        using var document = JsonDocument.Parse(json);
        return CpuSlot.Parse(document.RootElement);
    }
}
