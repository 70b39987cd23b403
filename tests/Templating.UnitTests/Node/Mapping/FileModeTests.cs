using Templating.Contract;
using Templating.Node.Mapping;
using Templating.V1;

namespace Templating.UnitTests.Node.Mapping;

public sealed class FileModeTests
{
    /// <summary>A client that was made before the field could be unset sent nothing for 0, and sends nothing now.</summary>
    [Fact]
    public void AModeOfZeroIsNotTheModeOfNone()
    {
        var files = new CloneSpec { Files = { new GuestFile { Path = "/unset" }, new GuestFile { Path = "/none", Mode = 0 } } }.Files;
        var faults = new Faults();

        FieldReader.Files("files", files, faults).Select(f => f.Mode).ShouldBe([0x180, 0]);
        faults.All.ShouldBeEmpty();
    }
}
