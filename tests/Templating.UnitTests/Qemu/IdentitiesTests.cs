using System.Text;
using Microsoft.Extensions.Time.Testing;
using Templating.Core.Errors;
using Templating.Core.Machines;
using Templating.Qemu.GuestAgent;

namespace Templating.UnitTests.Qemu;

/// <summary>Every field of a guest's answer, and each of them wrong.</summary>
public sealed class IdentitiesTests
{
    private const string MachineId = "0123456789abcdef0123456789abcdef";
    private static readonly string Random = new('a', 32);
    private static readonly DateTimeOffset Now = new(2026, 3, 4, 5, 6, 7, TimeSpan.Zero);
    private static readonly GuestIdentity Identity = new()
    {
        Id = "the-id",
        Hostname = "the-host",
        MachineId = MachineId,
        Clock = new FakeTimeProvider(Now),
        Seed = new byte[32],
    };

    [Theory]
    [InlineData("kernel", true)]
    [InlineData("seed", false)]
    public void AGuestThatIsWhatItWasToBecomeIsConfirmed(string reseeded, bool kernel) =>
        Take(reseeded: reseeded).ShouldBe(new IdentityConfirmation("the-host", MachineId, Now, kernel, Random));

    [Fact]
    public void AnotherIdIsNotConfirmed() => Refusal(() => Take(id: "the-other")).ShouldContain("the id 'the-id' but says 'the-other'");

    [Fact]
    public void AnotherHostNameIsNotConfirmed() =>
        Refusal(() => Take(hostname: "other")).ShouldContain("the host name 'the-host' but says 'other'");

    [Fact]
    public void AnotherMachineIdIsNotConfirmed() =>
        Refusal(() => Take(machineId: "f" + MachineId[1..])).ShouldContain($"the machine id '{MachineId}'");

    [Theory]
    [InlineData(30)]
    [InlineData(-30)]
    public void AClockIsRightToHalfAMinute(int seconds) => Take(clock: Nanoseconds(seconds)).Clock.ShouldBe(Now.AddSeconds(seconds));

    [Theory]
    [InlineData(30.001)]
    [InlineData(-30.001)]
    [InlineData(-86_400)]
    [InlineData(86_400)]
    public void AClockThatIsAheadOrBehindIsNotConfirmed(double seconds) =>
        Refusal(() => Take(clock: Nanoseconds(seconds))).ShouldContain("the clock '2026-03-04T05:06:07");

    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("9223372036854775808")]
    [InlineData("now")]
    public void AClockThatIsNoTimeIsNonsense(string clock) =>
        Should.Throw<TemplatingException>(() => Take(clock: clock)).Code.ShouldBe(ErrorCode.GuestAgentFailed);

    [Theory]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    [InlineData("Aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    [InlineData("gaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    public void ARandomNumberHas32HexDigits(string random) => Refusal(() => Take(random: random)).ShouldContain("the random number");

    [Theory]
    [InlineData("identified")]
    [InlineData("identified aQ== aA== m 1 kernel")]
    [InlineData("identified aQ== aA== m 1 kernel r more")]
    [InlineData("identified !! aA== m 1 kernel r")]
    [InlineData("identified /w== aA== m 1 kernel r")]
    public void AnAnswerOfAnotherShapeIsNonsense(string line) => Should.Throw<TemplatingException>(
        () => Identities.Read(GuestLine.Parse(Encoding.ASCII.GetBytes(line)), Identity)).Code.ShouldBe(ErrorCode.GuestAgentFailed);

    [Fact]
    public void WhyAGuestFailedIsToldWithoutWhatATerminalObeys()
    {
        var line = $"failed identify {Convert.ToBase64String("no\u001b[2J disk"u8)}";

        Refusal(() => Identities.Read(GuestLine.Parse(Encoding.ASCII.GetBytes(line)), Identity))
            .ShouldBe("The guest could not take its identity: no[2J disk.");
    }

    [Fact]
    public void TheScriptsAnswerIsReadLineByLine()
    {
        QgaIdentity.Parse(Encoding.UTF8.GetBytes($"the-host\n{MachineId}\n1772600767\nkernel\n{Random}\n"))
            .ShouldBe(new IdentityConfirmation("the-host", MachineId, Now, KernelReseeded: true, Random));
        QgaIdentity.Parse(Encoding.UTF8.GetBytes($"h\nm\n253402300799\nseed\n{Random}")).KernelReseeded.ShouldBeFalse();
    }

    [Theory]
    [InlineData("")]
    [InlineData("h\nm\n1\nkernel")]
    [InlineData("h\nm\n253402300800\nkernel\nr\n")]
    [InlineData("h\nm\n-1\nkernel\nr\n")]
    [InlineData("h\nm\n1e3\nkernel\nr\n")]
    public void AnotherAnswerOfTheScriptIsNonsense(string output) => Should.Throw<TemplatingException>(
        () => QgaIdentity.Parse(Encoding.UTF8.GetBytes(output))).Code.ShouldBe(ErrorCode.GuestAgentFailed);

    /// <summary>templating-guest's words. A file that the clone was to have is its caller's matter; a file of the identity's own is not.</summary>
    [Theory]
    [InlineData("Failed at writing /etc/app.conf: Read-only file system (errno 30)", ErrorCode.GuestFileRefused)]
    [InlineData("Failed at writing /run/machine-id: No space left on device", ErrorCode.IdentityNotConfirmed)]
    [InlineData("Failed at setting the clock: Operation not permitted", ErrorCode.IdentityNotConfirmed)]
    public void AFileThatTheGuestCannotWriteIsNamed(string reason, ErrorCode code)
    {
        var identity = Identity with { Files = [new InjectedFile("/etc/app.conf", Array.Empty<byte>())] };
        var line = GuestLine.Parse(Encoding.ASCII.GetBytes($"failed identify {Word(reason)}"));

        var refusal = Should.Throw<TemplatingException>(() => Identities.Read(line, identity));

        refusal.Code.ShouldBe(code);
        refusal.Message.ShouldContain(reason.Split(": ")[1]);
        if (code == ErrorCode.GuestFileRefused)
        {
            refusal.Details["file"].ShouldBe("/etc/app.conf");
        }
    }

    private static IdentityConfirmation Take(
        string id = "the-id", string hostname = "the-host", string machineId = MachineId, string? clock = null,
        string reseeded = "kernel", string? random = null)
    {
        var line = string.Join(' ', "identified", Word(id), Word(hostname), machineId, clock ?? Nanoseconds(0), reseeded, random ?? Random);
        return Identities.Confirm(Identity, Identities.Read(GuestLine.Parse(Encoding.ASCII.GetBytes(line)), Identity));
    }

    private static string Word(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    private static string Nanoseconds(double fromNow) => $"{GuestWords.UnixNanoseconds(Now.AddSeconds(fromNow))}";

    private static string Refusal(Action take)
    {
        var refusal = Should.Throw<TemplatingException>(take);
        refusal.Code.ShouldBe(ErrorCode.IdentityNotConfirmed);
        return refusal.Message;
    }
}
