using System.Text;
using CsCheck;
using Templating.Core.Errors;
using Templating.Core.Machines;
using Templating.Core.Store;

namespace Templating.UnitTests.Store;

public sealed class ManifestFormatTests
{
    private static readonly string Sound = Encoding.UTF8.GetString(ManifestFormat.Write(Manifests.Sound()));

    [Fact]
    public void AManifestReadsBackAsItWasWritten()
    {
        var manifest = Parse(Sound);
        manifest.Spec.Readiness.WarmUp[0].ShouldBe(Manifests.Sound().Spec.Readiness.WarmUp[0]);
        manifest.Machine.Devices.ShouldBe(Manifests.Sound().Machine.Devices);
        Encoding.UTF8.GetString(ManifestFormat.Write(manifest)).ShouldBe(Sound);
    }

    [Fact]
    public void TheBytesAreThoseOfTheDocumentedFormat()
    {
        Sound.ShouldStartWith("{\n  \"formatVersion\": 1,\n  \"tenant\": \"acme\",\n  \"template\": \"web\",\n");
        Sound.ShouldContain("\"timeout\": \"1.5s\"");
        Sound.ShouldContain("\"accelerator\": \"tcg\"");
        Sound.ShouldContain("\"initrd\": null");
        // Pins the canonical form: were it to change, the digests of rebuilt manifests would, and this says so first.
        ManifestFormat.RevisionOf(Encoding.UTF8.GetBytes(Sound)).ShouldBe("d1350d1a3baf3a7531dacaee78de12a4");
    }

    [Fact]
    public void AnUnknownFieldIsRefusedByName() =>
        Refusal(Sound.Replace("\"tenant\":", "\"surprise\": 1,\n  \"tenant\":", StringComparison.Ordinal)).ShouldContain("surprise");

    [Fact]
    public void AnUnknownFieldDeepDownIsRefusedByName() =>
        Refusal(Sound.Replace("\"kernelPath\":", "\"surprise\": 1, \"kernelPath\":", StringComparison.Ordinal)).ShouldContain("surprise");

    [Fact]
    public void ALaterVersionIsRefusedFirstWhateverElseIsNew() =>
        Refusal("{ \"brandNew\": [], \"formatVersion\": 2 }").ShouldContain(
            "has format version 2; this version of Templating reads 1: use a newer one or rebuild the template");

    [Theory]
    [InlineData("\"tenant\": \"acme\",", "")]
    [InlineData("\"initrd\": null,", "")]
    [InlineData("\"tenant\": \"acme\",", "\"tenant\": \"acme\", \"tenant\": \"acme\",")]
    [InlineData("\"tenant\": \"acme\",", "\"tenant\": null,")]
    [InlineData("\"tenant\": \"acme\",", "\"tenant\": \"../x\",")]
    [InlineData("\"accelerator\": \"tcg\"", "\"accelerator\": 0")]
    [InlineData("\"accelerator\": \"tcg\"", "\"accelerator\": \"xen\"")]
    [InlineData("\"timeout\": \"1.5s\"", "\"timeout\": \"-1s\"")]
    [InlineData("\"timeout\": \"1.5s\"", "\"timeout\": \"1e3s\"")]
    [InlineData("\"timeout\": \"1.5s\"", "\"timeout\": 2")]
    [InlineData("\"size\": 5000", "\"size\": 0")]
    [InlineData("\"size\": 5000", "\"size\": 268435457")]
    [InlineData("\"size\": 5000", "\"size\": 9999999999999999999")]
    [InlineData("bbbbbbbb\"", "bbbbbbbB\"")]
    [InlineData("\"images\": []", "\"images\": [null]")]
    [InlineData("\"nvdimm\"", "null")]
    [InlineData("\"kernelPath\": \"/boot/vmlinuz\"", "\"kernelPath\": \"boot\"")]
    [InlineData("\"boot\": 8800.5", "\"boot\": -1")]
    [InlineData("\"tenant\": \"acme\"", "\"tenant\": \"\\ud800\"")]
    public void WhatBreaksARuleIsRefused(string found, string replacement)
    {
        Sound.ShouldContain(found);
        Refusal(Sound.Replace(found, replacement, StringComparison.Ordinal)).ShouldNotContain('\n');
    }

    [Fact]
    public void AMemoryOfAnotherSizeThanTheMachineIsRefused() =>
        Should.Throw<TemplatingException>(() => ManifestFormat.Write(Manifests.Sound() with { Memory = new FileDigest(1, new string('a', 64)) }))
            .Code.ShouldBe(ErrorCode.ManifestInvalid);

    /// <summary>They came later: only where there is something to say, so that older versions read the others.</summary>
    [Fact]
    public void WhatAGuestWithSystemdAddsIsWrittenOnlyWhereItIsThere()
    {
        var sound = Manifests.Sound();
        Sound.ShouldNotContain("failedUnits");
        Sound.ShouldNotContain("waitForBoot");

        var written = sound with { FailedUnits = ["web.service"], Spec = sound.Spec with { Readiness = sound.Spec.Readiness with { WaitForBoot = false } } };
        var read = ManifestFormat.Parse(ManifestFormat.Write(written), "x");

        read.FailedUnits.ShouldBe(["web.service"]);
        read.Spec.Readiness.WaitForBoot.ShouldBe(false);
    }

    [Fact]
    public void ASandboxIsWrittenOnlyWhereItIsOneAndInSpecAndMachineAlike()
    {
        var sound = Manifests.Sound();
        Sound.ShouldNotContain("sandbox");

        var written = sound with { Spec = sound.Spec with { Sandbox = true, Network = new NetworkSpec(Outbound: false, []) }, Machine = sound.Machine with { Sandbox = true } };
        ManifestFormat.Parse(ManifestFormat.Write(written), "x").Machine.Sandbox.ShouldBeTrue();
        Should.Throw<TemplatingException>(() => ManifestFormat.Write(written with { Machine = sound.Machine })).Message.ShouldContain("sandbox");
    }

    [Theory]
    [InlineData(0, 1, false)]
    [InlineData(1, 255, true)]
    [InlineData(16, 1, true)]
    [InlineData(17, 1, false)]
    [InlineData(1, 256, false)]
    [InlineData(1, 0, false)]
    public void FailedUnitsAreFewAndShort(int count, int length, bool sound)
    {
        var manifest = Manifests.Sound() with { FailedUnits = [.. Enumerable.Repeat(new string('u', length), count)] };
        if (sound)
        {
            ManifestFormat.Write(manifest).ShouldNotBeEmpty();
            return;
        }

        Should.Throw<TemplatingException>(() => ManifestFormat.Write(manifest)).Message.ShouldContain("failedUnits");
    }

    [Fact]
    public void AManifestAtTheLimitIsReadAndOneByteMoreIsNot()
    {
        Parse(Sound + new string(' ', StoreLimits.ManifestBytes - Sound.Length)).Tenant.ShouldBe("acme");
        Refusal(Sound + new string(' ', StoreLimits.ManifestBytes - Sound.Length + 1)).ShouldContain("allowed");
    }

    [Fact]
    public void DeepNestingIsRefused() => Refusal(new string('[', 100_000)).ShouldContain("cannot be read");

    [Fact]
    public void TheGreatestLegalSpecFits()
    {
        var sound = Manifests.Sound();
        var path = "/" + new string('\'', 4094);
        var manifest = sound with
        {
            Spec = sound.Spec with
            {
                Guest = new Core.Templates.GuestSpec { KernelPath = path, InitrdPath = path, CommandLine = new string('\'', 2047), ImagePaths = [.. Enumerable.Repeat(path, 8)] },
                Readiness = sound.Spec.Readiness with { WarmUp = [.. Enumerable.Repeat<IReadOnlyList<string>>([new string('\'', 16383)], 6)] },
                Network = new NetworkSpec(Outbound: false, [.. Enumerable.Range(1, 32).Select(i => new PortForward(i))]),
            },
            Initrd = sound.Kernel,
            Images = [.. Enumerable.Repeat(new FileDigest(FileLimits.ImageAlignment, new string('e', 64)), 8)],
        };
        ManifestFormat.Write(manifest).Length.ShouldBeLessThan(StoreLimits.ManifestBytes);
    }

    [Fact]
    public void RandomBytesAreRefusedAndNothingElseHappens() =>
        Gen.Byte.Array[0, 300].Sample(RefusedOrRead, iter: 2000);

    [Fact]
    public void SoundManifestsWithBytesChangedAreReadOrRefused() =>
        Gen.Select(Gen.Int[0, Sound.Length - 1], Gen.Byte, Gen.Int[0, Sound.Length - 1], Gen.Byte).Sample(
            (at, value, at2, value2) =>
            {
                var bytes = Encoding.UTF8.GetBytes(Sound);
                bytes[at] = value;
                bytes[at2] = value2;
                RefusedOrRead(bytes);
            },
            iter: 5000);

    [Fact]
    public void DurationsReadBackExactly() =>
        Gen.Long[0, TimeSpan.TicksPerHour].Sample(
            ticks =>
            {
                var span = new TimeSpan(Math.Max(ticks, TimeSpan.TicksPerSecond));
                var sound = Manifests.Sound();
                var manifest = sound with { Spec = sound.Spec with { Readiness = sound.Spec.Readiness with { Timeout = span } } };
                ManifestFormat.Parse(ManifestFormat.Write(manifest), "x").Spec.Readiness.Timeout.ShouldBe(span);
            },
            iter: 500);

    private static void RefusedOrRead(byte[] bytes)
    {
        try
        {
            ManifestFormat.Parse(bytes, "x");
        }
        catch (TemplatingException e) when (e.Code is ErrorCode.ManifestInvalid)
        {
            e.Message.ShouldStartWith("Manifest x ");
        }
    }

    private static Manifest Parse(string text) => ManifestFormat.Parse(Encoding.UTF8.GetBytes(text), "x");

    private static string Refusal(string text)
    {
        var error = Should.Throw<TemplatingException>(() => Parse(text));
        error.Code.ShouldBe(ErrorCode.ManifestInvalid);
        return error.Message;
    }
}
