using Templating.Api.Pods;
using Templating.V1;

namespace Templating.UnitTests.Pods;

public sealed class PodFramingTests
{
    [Fact]
    public async Task AMessageComesAsItWasSent()
    {
        using var stream = new MemoryStream();
        await PodFraming.WriteAsync(stream, new PodRequest { Query = new PodQuery { WithMemory = true } }, CancellationToken.None);
        stream.Position = 0;

        var request = await ReadAsync(stream);

        request!.Query.WithMemory.ShouldBeTrue();
        (await ReadAsync(stream)).ShouldBeNull();
    }

    [Fact]
    public async Task AnEmptyMessageIsAMessage()
    {
        using var stream = new MemoryStream([0, 0, 0, 0]);

        (await ReadAsync(stream))!.RequestCase.ShouldBe(PodRequest.RequestOneofCase.None);
    }

    [Theory]
    [InlineData(new byte[] { 0, 16, 0, 1 }, "1048577 bytes was announced")]
    [InlineData(new byte[] { 255, 255, 255, 255 }, "4294967295 bytes was announced")]
    [InlineData(new byte[] { 0, 0 }, "ended within a message's length")]
    [InlineData(new byte[] { 0, 0, 0, 9, 1 }, "ended within a message")]
    [InlineData(new byte[] { 0, 0, 0, 1, 255 }, "not what was expected")]
    public async Task BrokenFramesAreNamed(byte[] bytes, string problem)
    {
        using var stream = new MemoryStream(bytes);

        (await Should.ThrowAsync<InvalidDataException>(() => ReadAsync(stream))).Message.ShouldContain(problem);
    }

    [Fact]
    public async Task AMessageThatIsTooLongIsNotSent()
    {
        using var stream = new MemoryStream();
        var request = new PodRequest { Activate = new Activation { UserData = Google.Protobuf.ByteString.CopyFrom(new byte[PodFraming.MaxMessageBytes]) } };

        await Should.ThrowAsync<InvalidDataException>(() => PodFraming.WriteAsync(stream, request, CancellationToken.None));
        stream.Length.ShouldBe(0);
    }

    private static Task<PodRequest?> ReadAsync(Stream stream) => PodFraming.ReadAsync<PodRequest>(stream, PodRequest.Descriptor, CancellationToken.None);
}
