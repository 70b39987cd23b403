using System.Runtime.InteropServices;
using Templating.Core.Clones;
using Templating.Core.Errors;
using Templating.Core.Machines;
using Templating.Core.Names;
using Templating.Core.Vms;
using Templating.Testing;
using Templating.Testing.Fakes;
using Templating.UnitTests.Store;

namespace Templating.UnitTests.Clones;

/// <summary>VMs that answer anything, or nothing, while a daemon starts: the others are taken over, and it serves.</summary>
public sealed partial class CloneRecoveryTests : IAsyncLifetime
{
    private readonly FakeNode _node = new(budgetMiB: 8192);

    public async Task InitializeAsync()
    {
        await _node.StartAsync();
        await _node.BuildAsync();
    }

    public async Task DisposeAsync() => await _node.DisposeAsync();

    [Fact]
    public async Task SilentVmsHoldUpNobodyAndAreToldAsNotAnsweringAndKeepWhatTheyHold()
    {
        var living = await CreateAsync("living");
        var silent = await Task.WhenAll(Enumerable.Range(0, 12).Select(i => CreateAsync($"silent-{i}")));
        var deaf = await CreateAsync("deaf");
        OnAdopt((vm, token) => Is(vm, living) ? Task.CompletedTask : Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, Is(vm, deaf) ? default : token));
        var before = TimeProvider.System.GetTimestamp();

        await using var next = await _node.RestartAsync();

        TimeProvider.System.GetElapsedTime(before).ShouldBeLessThan(_node.Options.AdoptionLimit);
        next.Clones.Get(living.Name).State.ShouldBe(VmState.Running);
        var others = next.Clones.List(null).Where(c => c.Name != living.Name).ToList();
        others.Count.ShouldBe(silent.Length + 1);
        others.ShouldAllBe(c => c.State == VmState.NotAnswering && c.StateReason.Length > 0 && c.ChargedBytes == living.ChargedBytes);
        next.Capacity.View.ChargedBytes.ShouldBe(living.ChargedBytes * (silent.Length + 2));
        next.Leases.Count(living.Template).ShouldBe(silent.Length + 2);
        next.Users?.Taken.ShouldBe(silent.Length + 2);
        next.Vmm.Reaped.ShouldBeEmpty();
    }

    [Fact]
    public async Task SilentVmIsItselfAgainWhenItAnswers()
    {
        var clone = await CreateAsync("slow");
        var answers = new TaskCompletionSource();
        OnAdopt((_, token) => answers.Task.WaitAsync(token));
        await using var next = await _node.RestartAsync();
        var refused = await Should.ThrowAsync<TemplatingException>(next.Clones.PauseAsync(clone.Name, CancellationToken.None));
        refused.Code.ShouldBe(ErrorCode.QmpFailed);
        refused.RetryAfter.ShouldNotBeNull();
        (await next.Clones.ReadMemoryAsync(clone.Name, CancellationToken.None)).ShouldBeNull();

        answers.SetResult();

        await Eventually.UntilAsync(() => next.Clones.Get(clone.Name) is { State: VmState.Running, StateReason: "" }, "it runs again");
        (await next.Clones.PauseAsync(clone.Name, CancellationToken.None)).State.ShouldBe(VmState.Paused);
        await using var third = await next.RestartAsync();
        third.Clones.Get(clone.Name).State.ShouldBe(VmState.Paused);
    }

    /// <summary>Whoever asks in the moment in which it answers is not refused for it.</summary>
    [Fact]
    public async Task OperationOnASilentVmWaitsForItsAnswerAMoment()
    {
        var clone = await CreateAsync("slow");
        var answers = new TaskCompletionSource();
        OnAdopt((_, token) => answers.Task.WaitAsync(token));
        await using var next = await _node.RestartAsync();

        var pausing = next.Clones.PauseAsync(clone.Name, CancellationToken.None);
        answers.SetResult();

        (await pausing.Soonest()).State.ShouldBe(VmState.Paused);
    }

    [Fact]
    public async Task SilentVmThatAnswersNonsenseAtLastIsEndedAndSaysWhy()
    {
        var clone = await CreateAsync("broken");
        var answers = new TaskCompletionSource();
        OnAdopt((_, token) => answers.Task.WaitAsync(token));
        await using var next = await _node.RestartAsync();

        answers.SetException(new TemplatingException(ErrorCode.QmpFailed, "It said banana."));

        await Eventually.UntilAsync(() => next.Clones.Get(clone.Name) is { State: VmState.Failed, ChargedBytes: 0 }, "it has failed");
        next.Clones.Get(clone.Name).StateReason.ShouldContain("banana");
        next.Vmm.Reaped.ShouldContain(FolderOf(clone));
        next.Capacity.View.Clones.ShouldBe(0);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task SilentVmIsEndedByADeleteWhenItsGraceIsOver(bool deaf)
    {
        var clone = await CreateAsync("hung");
        OnAdopt((_, token) => Task.Delay(Timeout.InfiniteTimeSpan, deaf ? default : token));
        await using var next = await _node.RestartAsync();
        next.Vmm.Reaped.ShouldBeEmpty();

        var end = await next.Clones.DeleteAsync(clone.Name, TimeSpan.FromMilliseconds(100), CancellationToken.None).Soonest();

        end.InOrder.ShouldBeFalse();
        next.Vmm.Reaped.ShouldContain(FolderOf(clone));
        next.Clones.List(null).ShouldBeEmpty();
        next.Capacity.View.Clones.ShouldBe(0);
        Directory.Exists(FolderOf(clone).Path).ShouldBeFalse();
    }

    [Fact]
    public async Task DaemonThatStopsLetsGoOfSilentVmsAndTheNextOneHasThem()
    {
        var clone = await CreateAsync("hung");
        OnAdopt((_, token) => Task.Delay(Timeout.InfiniteTimeSpan, token));
        await using var next = await _node.RestartAsync();
        _node.Vmm.OnStep = (_, _, _) => Task.CompletedTask;

        await using var third = await next.RestartAsync();

        third.Clones.Get(clone.Name).State.ShouldBe(VmState.Running);
        third.Vmm.Reaped.ShouldBeEmpty();
    }

    /// <summary>A debugger, a frozen cgroup, a disk that hangs; and somebody else who stops its CPUs.</summary>
    [Fact]
    public async Task WhatAVmSaysOfItselfIsLookedAtWhileTheDaemonRuns()
    {
        var clone = await CreateAsync("one");
        var answers = new TaskCompletionSource();
        _node.Vmm.OnStep = (name, _, token) => name == "query" ? answers.Task.WaitAsync(token) : Task.CompletedTask;

        await _node.Clones.LookAsync(CancellationToken.None);
        _node.Clones.Get(clone.Name).State.ShouldBe(VmState.NotAnswering);
        (await File.ReadAllTextAsync(RecordOf(clone))).ShouldContain("\"Running\"");
        VmOf(clone).State = VmRunState.Paused;
        answers.SetResult();
        await _node.Clones.LookAsync(CancellationToken.None);
        _node.Clones.Get(clone.Name).State.ShouldBe(VmState.Paused);
        VmOf(clone).State = VmRunState.Running;
        await _node.Clones.LookAsync(CancellationToken.None);

        _node.Clones.Get(clone.Name).ShouldSatisfyAllConditions(c => c.State.ShouldBe(VmState.Running), c => c.StateReason.ShouldBeEmpty());
    }

    [Fact]
    public async Task VmWhoseAdoptionFailsInAnyWayKeepsNoOtherFromItsOwn()
    {
        var (broken, living) = (await CreateAsync("a-broken"), await CreateAsync("living"));
        OnAdopt((vm, _) => Is(vm, broken) ? throw new InvalidCastException("What nobody thought of.") : Task.CompletedTask);

        await using var next = await _node.RestartAsync();

        next.Clones.Get(living.Name).State.ShouldBe(VmState.Running);
        next.Clones.Get(broken.Name).State.ShouldBe(VmState.Failed);
        next.Vmm.Reaped.ShouldContain(FolderOf(broken));
    }

    [Fact]
    public async Task VmThatSaysItNeverBeganIsNoCloneThatWasReady()
    {
        var clone = await CreateAsync("odd");
        VmOf(clone).State = VmRunState.Prepared;

        await using var next = await _node.RestartAsync();

        next.Clones.Get(clone.Name).State.ShouldBe(VmState.Failed);
    }

    /// <summary>A folder that a delete could not remove, and a new clone of the same name.</summary>
    [Fact]
    public async Task OfTwoFoldersOfOneNameTheOneThatLivesIsTheClone()
    {
        var clone = await CreateAsync("twice");
        var folder = Path.Combine(_node.Options.ClonesFolder, "0000000000000000");
        await _node.Clones.DisposeAsync();
        Directory.CreateDirectory(folder);
        var record = await File.ReadAllTextAsync(RecordOf(clone));
        await File.WriteAllTextAsync(Path.Combine(folder, "clone.json"), record.Replace($"\"pid\": {clone.Pid},", "\"pid\": 999999,", StringComparison.Ordinal));

        await using var next = await _node.RestartAsync();

        next.Clones.List(null).ShouldHaveSingleItem().State.ShouldBe(VmState.Running);
        next.Capacity.View.Clones.ShouldBe(1);
        Directory.Exists(folder).ShouldBeFalse();
        Directory.Exists(FolderOf(clone).Path).ShouldBeTrue();
    }

    /// <summary>Each clone had a card of its own address, and its record said which.</summary>
    [Fact]
    public async Task RecordOfAVersionInWhichAClonesCardHadAnAddressOfItsOwnIsTakenOver()
    {
        var clone = await CreateAsync("older");
        await _node.Clones.DisposeAsync();
        var record = await File.ReadAllTextAsync(RecordOf(clone));
        record.ShouldNotContain("\"mac\"");
        await File.WriteAllTextAsync(RecordOf(clone), record.Replace("\"generation\":", "\"mac\": \"52:54:00:00:00:01\",\n\"generation\":", StringComparison.Ordinal));

        await using var next = await _node.RestartAsync();

        next.Clones.Get(clone.Name).State.ShouldBe(VmState.Running);
    }

    [Theory]
    [InlineData("pipe")]
    [InlineData("link")]
    [InlineData("folder")]
    [InlineData("huge")]
    [InlineData("null")]
    [InlineData("charge")]
    public async Task RecordThatIsNoneEndsItsVmAloneAndIsNotWaitedFor(string kind)
    {
        var (spoilt, living) = (await CreateAsync("spoilt"), await CreateAsync("living"));
        var path = RecordOf(spoilt);
        await _node.Clones.DisposeAsync();
        var text = await File.ReadAllTextAsync(path);
        File.Delete(path);
        switch (kind)
        {
            case "pipe":
                MakePipe(path, 384).ShouldBe(0);
                break;
            case "link":
                File.CreateSymbolicLink(path, RecordOf(living));
                break;
            case "folder":
                Directory.CreateDirectory(path);
                break;
            case "huge":
                await using (var file = File.Create(path))
                {
                    file.SetLength(1L << 40);
                }

                break;
            case "null":
                await File.WriteAllTextAsync(path, """{"formatVersion":1,"view":null,"agent":"Templating"}""");
                break;
            default:
                await File.WriteAllTextAsync(path, text.Replace($"\"chargedBytes\": {spoilt.ChargedBytes}", "\"chargedBytes\": -5", StringComparison.Ordinal));
                break;
        }

        await using var next = await _node.RestartAsync();

        next.Clones.List(null).ShouldHaveSingleItem().Name.ShouldBe(living.Name);
        next.Capacity.View.ChargedBytes.ShouldBe(living.ChargedBytes);
        next.Vmm.Reaped.ShouldContain(FolderOf(spoilt));
        Directory.Exists(FolderOf(spoilt).Path).ShouldBeFalse();
    }

    [Fact]
    public async Task ProcessThatNoSignalEndsKeepsItsUserIdAndItsFolderAndNothingElse()
    {
        var (stuck, gone) = (Left("stuck"), Left("gone"));
        _node.Vmm.Lingers = left => left.Folder.Path == stuck ? new LingeringVm(left.Folder, 4711, 2_000_000_000) : null;

        await using var next = await _node.RestartAsync();
        await next.Clones.CreateAsync(Request("new"), CancellationToken.None);

        Directory.Exists(stuck).ShouldBeTrue();
        Directory.Exists(gone).ShouldBeFalse();
        next.Users?.Taken.ShouldBe(2);
    }

    [SmallDiskFact]
    public async Task FolderThatCannotBeRemovedIsLeftAndKeepsNobodyFromStarting()
    {
        using var disk = new SmallDisk();
        var (held, other) = (Left("held"), Left("other"));
        await Mount(disk.At(""), held);
        FakeNode? next = null;
        try
        {
            next = await _node.RestartAsync();

            Directory.Exists(held).ShouldBeTrue();
            Directory.Exists(other).ShouldBeFalse();
            next.Clones.List(null).ShouldBeEmpty();
        }
        finally
        {
            Unmount(held, 2).ShouldBe(0);
            await (next?.DisposeAsync() ?? ValueTask.CompletedTask);
        }
    }

    [Fact]
    public async Task FileOrLinkAmongTheFoldersIsNoVm()
    {
        var living = await CreateAsync("living");
        await File.WriteAllTextAsync(Path.Combine(_node.Options.ClonesFolder, "stray"), "");
        Directory.CreateSymbolicLink(Path.Combine(_node.Options.ClonesFolder, "link"), FolderOf(living).Path);

        await using var next = await _node.RestartAsync();

        next.Clones.List(null).ShouldHaveSingleItem().State.ShouldBe(VmState.Running);
        File.Exists(RecordOf(living)).ShouldBeTrue();
    }

    private static Task Mount(string source, string target)
    {
        const nuint Bind = 4096;
        return Mount(source, target, null, Bind, null) == 0 ? Task.CompletedTask : throw new IOException("Cannot bind.");
    }

    private static bool Is(FakeVm? vm, CloneView clone) => vm?.Process.Pid == clone.Pid;

    private void OnAdopt(Func<FakeVm?, CancellationToken, Task> step) =>
        _node.Vmm.OnStep = (name, vm, token) => name == "adopt" ? step(vm, token) : Task.CompletedTask;

    private FakeVm VmOf(CloneView clone) => _node.Vmm.Vms.Single(vm => Is(vm, clone));

    private VmFolder FolderOf(CloneView clone) => VmOf(clone).Folder;

    private string RecordOf(CloneView clone) => Path.Combine(FolderOf(clone).Path, "clone.json");

    /// <summary>A folder of a VM that was never ready.</summary>
    private string Left(string name)
    {
        var path = Path.Combine(_node.Options.ClonesFolder, name);
        Directory.CreateDirectory(path);
        File.WriteAllText(Path.Combine(path, "qemu.log"), "");
        return path;
    }

    private static CreateClone Request(string id) => new() { Template = new TemplateName("a", "t"), Id = id };

    private Task<CloneView> CreateAsync(string id) => _node.Clones.CreateAsync(Request(id), CancellationToken.None);

    [LibraryImport("libc", EntryPoint = "mkfifo", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int MakePipe(string path, uint mode);

    [LibraryImport("libc", EntryPoint = "mount", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Mount(string source, string target, string? type, nuint flags, string? data);

    [LibraryImport("libc", EntryPoint = "umount2", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Unmount(string target, int flags);
}
