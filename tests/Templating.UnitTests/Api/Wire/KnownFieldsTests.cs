using System.Buffers;
using CsCheck;
using Google.Protobuf;
using Templating.Api.Wire;
using Templating.V1;

namespace Templating.UnitTests.Api.Wire;

public sealed class KnownFieldsTests
{
    /// <summary>Field 1000, 100 bytes.</summary>
    private static readonly byte[] Unknown = [0xc2, 0x3e, 100, .. new byte[100]];

    [Fact]
    public void WhatIsNotKnownIsNotCarriedOn()
    {
        var identity = new Identity { Hostname = "h" };
        var status = new PodStatus { Id = "a" }.ToByteArray().Concat(Unknown).ToList();
        status.AddRange([0x2a, (byte)(identity.CalculateSize() + Unknown.Length), .. identity.ToByteArray(), .. Unknown]);
        var field = PodStatus.Descriptor.FindFieldByName("identity").FieldNumber;
        status[new PodStatus { Id = "a" }.CalculateSize() + Unknown.Length] = (byte)((field << 3) | 2);

        var read = (PodStatus)KnownFields.Read(PodStatus.Descriptor, new ReadOnlySequence<byte>([.. status]));

        read.ShouldBe(new PodStatus { Id = "a", Identity = identity });
        read.CalculateSize().ShouldBe(new PodStatus { Id = "a", Identity = identity }.CalculateSize());
    }

    [Theory]
    [InlineData(WireFields.Most - 1, true)]
    [InlineData(WireFields.Most, false)]
    public void AMessageOfFarMoreFieldsThanAnyHasIsRefusedBeforeItIsDecoded(int phases, bool fine)
    {
        // Each of them a whole object for two bytes: that is what it is about.
        var status = new PodStatus { Id = "a", Phases = { Enumerable.Repeat(new Phase(), phases) } }.ToByteArray();
        var read = () => (PodStatus)KnownFields.Read(PodStatus.Descriptor, new ReadOnlySequence<byte>(status));
        if (fine)
        {
            read().Phases.Count.ShouldBe(phases);
        }
        else
        {
            Should.Throw<InvalidDataException>(() => read()).Message.ShouldContain("PodStatus");
        }
    }

    [Fact]
    public void FieldsWithinFieldsCount()
    {
        var forwards = new NetworkSpec { Forwards = { Enumerable.Repeat(new PortForward { GuestPort = 1, HostPort = 2 }, 20_000) } };
        WireFields.AreFew(new PodStatus { Network = forwards }.ToByteArray(), PodStatus.Descriptor).ShouldBeFalse();
    }

    [Fact]
    public void AnyBytesAreAMessageOrAFaultOfTheSender() => Gen.Byte.Array[0, 200].Sample(bytes =>
    {
        try
        {
            _ = KnownFields.Read(CreateCloneRequest.Descriptor, new ReadOnlySequence<byte>(bytes));
        }
        catch (InvalidProtocolBufferException)
        {
            // As it says.
        }
    });
}
