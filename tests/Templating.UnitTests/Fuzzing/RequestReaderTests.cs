using CsCheck;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Templating.Contract;
using Templating.Core.Errors;
using Templating.Csi.V1;
using Templating.Node.Authorization;
using Templating.Node.Kubernetes;
using Templating.Node.Kubernetes.Volumes;
using Templating.Node.Mapping;
using Templating.Node.Options;
using Templating.Node.Services;
using Templating.Node.VmPods;
using Templating.V1;

namespace Templating.UnitTests.Fuzzing;

/// <summary>Whatever a caller sends is either read, or refused with the names of its faulty fields.</summary>
public sealed class RequestReaderTests
{
    private const int Tries = 400;

    // gRPC's C core takes trailers of 8 KiB.
    private const int MaxTrailers = 8 << 10;

    private static readonly Dictionary<MessageDescriptor, Action<IMessage, Caller>> Readers = new()
    {
        [CreateTemplateRequest.Descriptor] = (m, caller) => TemplateReader.Create((CreateTemplateRequest)m, caller, TimeSpan.FromMinutes(2)),
        [GetTemplateRequest.Descriptor] = (m, caller) => NameReader.Template("name", ((GetTemplateRequest)m).Name, caller),
        [DeleteTemplateRequest.Descriptor] = (m, caller) => NameReader.Template("name", ((DeleteTemplateRequest)m).Name, caller),
        [VerifyTemplateRequest.Descriptor] = (m, caller) => NameReader.Template("name", ((VerifyTemplateRequest)m).Name, caller),
        [ListTemplatesRequest.Descriptor] = (m, caller) => List(((ListTemplatesRequest)m).Parent, ((ListTemplatesRequest)m).PageToken, ((ListTemplatesRequest)m).PageSize, caller),
        [WatchTemplatesRequest.Descriptor] = (m, caller) => List(((WatchTemplatesRequest)m).Parent, "", 0, caller),
        [CreateCloneRequest.Descriptor] = (m, caller) => CloneReader.Create((CreateCloneRequest)m, caller, DateTimeOffset.UnixEpoch),
        [CreateClonesRequest.Descriptor] = (m, caller) => CloneReader.CreateMany((CreateClonesRequest)m, caller, DateTimeOffset.UnixEpoch),
        [GetCloneRequest.Descriptor] = (m, caller) => NameReader.Clone("name", ((GetCloneRequest)m).Name, caller),
        [PlugCloneRequest.Descriptor] = (m, caller) => DeviceReader.Plug((PlugCloneRequest)m, caller),
        [UnplugCloneRequest.Descriptor] = (m, caller) => DeviceReader.Unplug((UnplugCloneRequest)m, caller),
        [ResizeCloneRequest.Descriptor] = (m, caller) => CloneReader.Resize((ResizeCloneRequest)m, caller),
        [PauseCloneRequest.Descriptor] = (m, caller) => NameReader.Clone("name", ((PauseCloneRequest)m).Name, caller),
        [ResumeCloneRequest.Descriptor] = (m, caller) => NameReader.Clone("name", ((ResumeCloneRequest)m).Name, caller),
        [ExtendCloneRequest.Descriptor] = (m, caller) => LifetimeReader.Extend((ExtendCloneRequest)m, caller, DateTimeOffset.UnixEpoch),
        [DeleteCloneRequest.Descriptor] = (m, caller) => Delete((DeleteCloneRequest)m, caller),
        [ListClonesRequest.Descriptor] = (m, caller) => List(((ListClonesRequest)m).Parent, ((ListClonesRequest)m).PageToken, ((ListClonesRequest)m).PageSize, caller),
        [WatchClonesRequest.Descriptor] = (m, caller) => List(((WatchClonesRequest)m).Parent, "", 0, caller),
        [ExecCloneRequest.Descriptor] = (m, caller) => CloneReader.Exec(((ExecCloneRequest)m).Start ?? new ExecStart(), caller),
        [AttachConsoleRequest.Descriptor] = (m, caller) => NameReader.Clone("start.name", ((AttachConsoleRequest)m).Start?.Name ?? "", caller),
        [HoldRequest.Descriptor] = (m, caller) => SandboxReader.Acquire(((HoldRequest)m).Acquire ?? new AcquireSandbox(), caller, DateTimeOffset.UnixEpoch),
        [GetSandboxRequest.Descriptor] = (m, caller) => NameReader.Clone("name", ((GetSandboxRequest)m).Name, caller),
        [ListSandboxesRequest.Descriptor] = (m, caller) => List(((ListSandboxesRequest)m).Parent, ((ListSandboxesRequest)m).PageToken, ((ListSandboxesRequest)m).PageSize, caller),
        [WatchSandboxesRequest.Descriptor] = (m, caller) => List(((WatchSandboxesRequest)m).Parent, "", 0, caller),
        [ReleaseSandboxRequest.Descriptor] = (m, caller) => SandboxReader.Release((ReleaseSandboxRequest)m, caller),
        [SetPoolRequest.Descriptor] = (m, caller) => PoolReader.Set((SetPoolRequest)m, caller),
        [GetPoolRequest.Descriptor] = (m, caller) => NameReader.Pool("name", ((GetPoolRequest)m).Name, caller),
        [DeletePoolRequest.Descriptor] = (m, caller) => NameReader.Pool("name", ((DeletePoolRequest)m).Name, caller),
        [ListPoolsRequest.Descriptor] = (m, caller) => List(((ListPoolsRequest)m).Parent, ((ListPoolsRequest)m).PageToken, ((ListPoolsRequest)m).PageSize, caller),
        [WatchPoolsRequest.Descriptor] = (m, caller) => List(((WatchPoolsRequest)m).Parent, "", 0, caller),
        [PublishImageRequest.Descriptor] = (m, caller) => ImageReader.Publish((PublishImageRequest)m, caller),
        [GetImageRequest.Descriptor] = (m, caller) => NameReader.Image("name", ((GetImageRequest)m).Name, caller),
        [DeleteImageRequest.Descriptor] = (m, caller) => NameReader.Image("name", ((DeleteImageRequest)m).Name, caller),
        [ListImagesRequest.Descriptor] = (m, caller) => List(((ListImagesRequest)m).Parent, ((ListImagesRequest)m).PageToken, ((ListImagesRequest)m).PageSize, caller),
        [GetPodRequest.Descriptor] = (m, caller) => NameReader.Pod("name", ((GetPodRequest)m).Name, caller),
        [ListPodsRequest.Descriptor] = (m, caller) => List(((ListPodsRequest)m).Parent, ((ListPodsRequest)m).PageToken, ((ListPodsRequest)m).PageSize, caller),
        [WatchPodsRequest.Descriptor] = (m, caller) => List(((WatchPodsRequest)m).Parent, "", 0, caller),
        [ActivatePodRequest.Descriptor] = (m, caller) => Activate((ActivatePodRequest)m, caller),
    };

    public static TheoryData<string> Read => [.. Readers.Keys.Select(d => d.Name)];

    [Theory]
    [MemberData(nameof(Read))]
    public void ARequestIsReadOrItsFaultsAreNamed(string message) => Each(message, TenantSet.All, (read, refusal) =>
    {
        if (!read)
        {
            Check(refusal!);
        }
    });

    [Theory]
    [MemberData(nameof(Read))]
    public void ACallerWithoutARightGetsNothingRead(string message) => Each(message, TenantSet.None, (read, refusal) =>
    {
        // tenants/- names no tenant: what is listed is filtered.
        (read && !message.StartsWith("List", StringComparison.Ordinal) && !message.StartsWith("Watch", StringComparison.Ordinal)).ShouldBeFalse();
        refusal?.Code.ShouldBeOneOf(ErrorCode.PermissionDenied, ErrorCode.InvalidArgument);
    });

    [Fact]
    public void EveryRequestOfTheApiIsAmongThem()
    {
        MessageDescriptor[] withoutTenants = [CollectGarbageRequest.Descriptor, GetNodeRequest.Descriptor];
        var requests = ServedServices.Of(new NodeOptions { KubeletPath = "/k", NodeName = "n" })
            .Where(s => s.File.Package == "templating.v1").SelectMany(s => s.Methods).Select(m => m.InputType.Name).Distinct();

        Readers.Keys.Concat(withoutTenants).Select(d => d.Name).Order().ShouldBe(requests.Order());
    }

    [Fact]
    public void AKubeletsVolumeIsReadOrItsFaultsAreNamed() => Messages.BytesOf(NodePublishVolumeRequest.Descriptor).Sample(bytes =>
    {
        if (Parse(NodePublishVolumeRequest.Descriptor, bytes) is not NodePublishVolumeRequest request)
        {
            return;
        }

        try
        {
            var volume = VolumeReader.Read(request);
            VolumeRules.Check(volume, "/var/lib/kubelet/pods");
        }
        catch (TemplatingException e)
        {
            if (e.Code != ErrorCode.PermissionDenied)
            {
                Check(e);
            }
        }
    }, iter: Tries, print: Convert.ToHexString);

    [Fact]
    public void WhatAPodSaysIsTakenInAFormThatHasBounds() => Messages.BytesOf(PodStatus.Descriptor).Sample(bytes =>
    {
        if (Parse(PodStatus.Descriptor, bytes) is PodStatus said)
        {
            var status = PodStatusReader.Read(said);

            status.CalculateSize().ShouldBeLessThan(128 << 10);
            JsonFormatter.Default.Format(status).ShouldNotBeNull();
            PodStatusReader.Read(status).ShouldBe(status);
        }
    }, iter: Tries, print: Convert.ToHexString);

    [Fact]
    public void AnActivationIsReadOrItsFaultsAreNamed() => Messages.BytesOf(Activation.Descriptor).Sample(bytes =>
    {
        if (Parse(Activation.Descriptor, bytes) is Activation activation)
        {
            try
            {
                ActivationReader.Read(activation).Digest().Length.ShouldBe(64);
            }
            catch (TemplatingException e)
            {
                Check(e);
            }
        }
    }, iter: Tries, print: Convert.ToHexString);

    [Fact]
    public void APageTokenIsReadByItsQueryAlone() => Gen.Select(Gen.String, Gen.String, Gen.String[0, 40]).Sample((filter, key, other) =>
    {
        var (written, unicode) = (PageToken.Write(filter, key), System.Text.Encoding.UTF8.GetString(System.Text.Encoding.UTF8.GetBytes(key)));
        var faults = new Faults();
        if (key.Length is > 0 and < 100)
        {
            PageToken.Read(written, filter, faults).ShouldBe(unicode);
            faults.All.ShouldBeEmpty();
        }

        PageToken.Read(written, filter + "x", faults).ShouldBeNull();
        PageToken.Read(written + "A", filter, faults).ShouldBeNull();
        if (other.Length > 0)
        {
            PageToken.Read(other, filter, faults).ShouldBeNull();
        }

        faults.All.ShouldAllBe(f => f.Field == "page_token");
    }, iter: Tries);

    private static void Each(string message, TenantSet tenants, Action<bool, TemplatingException?> judge)
    {
        var (type, read) = Readers.Single(r => r.Key.Name == message);
        var caller = new Caller(new UnixPeer(1, 1, 1), tenants);
        Messages.BytesOf(type).Sample(bytes =>
        {
            if (Parse(type, bytes) is not { } request)
            {
                return;
            }

            try
            {
                read(request, caller);
                judge(true, null);
            }
            catch (TemplatingException e)
            {
                judge(false, e);
            }
        }, iter: Tries, print: Convert.ToHexString);
    }

    private static IMessage? Parse(MessageDescriptor type, byte[] bytes)
    {
        try
        {
            return type.Parser.ParseFrom(bytes);
        }
        catch (InvalidProtocolBufferException)
        {
            return null;
        }
    }

    private static void Check(TemplatingException refusal)
    {
        refusal.Code.ShouldBe(ErrorCode.InvalidArgument);
        refusal.Violations.ShouldNotBeEmpty();
        refusal.Violations.ShouldAllBe(v => v.Field.Length > 0 && v.Description.Length > 0);
        refusal.Message.Length.ShouldBeLessThan(64 << 10, "a refusal must not be larger than what it refuses");
        var status = ErrorMapping.ToStatus(refusal);
        // grpc-message is percent-encoded, grpc-status-details-bin is base64.
        var told = (status.CalculateSize() * 4 / 3)
            + System.Text.Encoding.UTF8.GetBytes(status.Message).Sum(b => b is >= 0x20 and < 0x7f and not (byte)'%' ? 1 : 3);
        told.ShouldBeLessThan(MaxTrailers);
    }

    private static void List(string parent, string token, int size, Caller caller)
    {
        var faults = new Faults();
        NameReader.Parent(parent, caller, faults);
        PageToken.Read(token, parent, faults);
        FieldReader.PageSize(size, faults);
        faults.ThrowIfAny();
    }

    private static void Delete(DeleteCloneRequest request, Caller caller)
    {
        NameReader.Clone("name", request.Name, caller);
        var faults = new Faults();
        FieldReader.Duration("grace_period", request.GracePeriod, TimeSpan.Zero, TimeSpan.FromMinutes(10), faults);
        faults.ThrowIfAny();
    }

    private static void Activate(ActivatePodRequest request, Caller caller)
    {
        NameReader.Pod("name", request.Name, caller);
        ActivationReader.Read(request.Activation ?? new Activation(), "activation.");
    }
}
