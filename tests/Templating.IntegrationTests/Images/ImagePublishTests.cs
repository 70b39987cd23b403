using Templating.Core.Errors;
using Templating.Core.Images;

namespace Templating.IntegrationTests.Images;

/// <summary>Images by the real mkfs.erofs, mounted by the kernel.</summary>
public sealed class ImagePublishTests
{
    [Fact]
    public async Task AnImageHasAllThatItsTreeHas()
    {
        await using var bench = new ImageBench();
        await bench.MakeAsync(
            """
            mkdir -p one/d one/loop/back; cd one
            head -c 3000000 /dev/urandom > d/big; echo small > d/small; : > empty
            chown 123:456 d/small; chmod 0600 d/small; cp /bin/true suid; chmod 4755 suid; chmod 2711 d
            mknod null c 1 3; mknod disk b 7 0; mkfifo pipe; ln -s /etc/shadow out; ln -s ../back loop/back/again; ln -s loop/self loop/self
            ln d/small hard; echo "long" > $(printf 'n%.0s' {1..254}); printf x > $'not\xffutf8'
            touch -d '2021-03-04 05:06:07.000000008' d/small; mkdir -m 0700 secret; echo hidden > secret/file; chmod 000 secret/file
            python3 -c "import os; os.setxattr('d/big', 'user.note', b'told')"; setcap cap_net_raw+ep suid; truncate -s 10M sparse
            """);

        var image = await bench.PublishAsync("one");

        image.Bytes.ShouldBe(new FileInfo(bench.PathOf(image)).Length);
        (image.Bytes % (2 << 20)).ShouldBe(0);
        image.Kind.ShouldBe(ImageKind.Tree);
        await bench.MountAsync(image);
        const string List = "LC_ALL=C find . -printf '%p %y %m %U %G %T@ %l ' -exec sh -c 'test -f \"$0\" -a ! -h \"$0\" && sha256sum < \"$0\" || echo' {} \\; | sort";
        var expected = await ImageBench.ShellAsync($"cd {bench.Trees}/one; {List}");
        (await ImageBench.ShellAsync($"cd {bench.Mount}; {List}")).ShouldBe(expected);
        const string Details = "stat -c '%t:%T' null disk; stat -c '%i %h' hard | cmp - <(stat -c '%i %h' d/small) && echo linked; python3 -c \"import os; print(os.getxattr('d/big', 'user.note'))\"; getcap suid";
        (await ImageBench.ShellAsync($"cd {bench.Mount}; {Details}")).ShouldBe(await ImageBench.ShellAsync($"cd {bench.Trees}/one; {Details}"));
    }

    [Fact]
    public async Task OfLayersTheFirstIsOnTopAndItsWhiteoutsHideWhatIsBelow()
    {
        await using var bench = new ImageBench();
        await bench.MakeAsync(
            """
            mkdir -p bottom/opaque bottom/merged middle/merged top/opaque
            echo old > bottom/same; echo gone > bottom/gone; echo gone > bottom/opaque/gone; echo b > bottom/merged/b; echo m > middle/merged/m
            echo new > top/same; mknod top/gone c 0 0; echo here > top/opaque/here; python3 -c "import os; os.setxattr('top/opaque', 'trusted.overlay.opaque', b'y')"
            """);

        await bench.MountAsync(await bench.PublishAsync("top", "middle", "bottom"));

        (await ImageBench.ShellAsync($"cd {bench.Mount}; find . -type f | sort; cat same; python3 -c \"import os; print(os.listxattr('opaque'))\"")).ShouldBe(
            "./merged/b\n./merged/m\n./opaque/here\n./same\nnew\n[]\n");
    }

    [Fact]
    public async Task TheWhiteoutsOfASingleLayerHideNothingAndAreNotThere()
    {
        await using var bench = new ImageBench();
        await bench.MakeAsync("mkdir one; mknod one/gone c 0 0; echo here > one/here");

        await bench.MountAsync(await bench.PublishAsync("one"));

        (await ImageBench.ShellAsync($"ls {bench.Mount}")).ShouldBe("here\n");
    }

    [Fact]
    public async Task TheSameTreeGivesTheSameImageWhereverItLies()
    {
        await using var bench = new ImageBench();
        await bench.MakeAsync("mkdir -p one/d; seq 1000 > one/d/file; echo 1 > one/a; cp -a one two; mkdir -p top bottom; cp -a one/. bottom; touch -r one two top");

        var first = await bench.PublishAsync("one");

        (await bench.PublishAsync("two")).Digest.ShouldBe(first.Digest);
        bench.Cache.List(tenant: null).Count.ShouldBe(1);
        Directory.EnumerateFiles(bench.Root).Count().ShouldBe(2, "the image and its record");
    }

    [Fact]
    public async Task TwoWhoAskAtOnceHaveItMadeOnce()
    {
        await using var bench = new ImageBench();
        await bench.MakeAsync("mkdir one; head -c 50000000 /dev/zero > one/file");
        var source = new ImageSource.Layers([Path.Combine(bench.Trees, "one")]);

        var both = await Task.WhenAll(
            bench.Cache.PublishAsync("a", source, CancellationToken.None), bench.Cache.PublishAsync("b", source, CancellationToken.None));

        both[0].Digest.ShouldBe(both[1].Digest);
        both[0].CreatedAt.ShouldBe(both[1].CreatedAt);
        bench.Cache.List("b").Count.ShouldBe(1);
    }

    [Fact]
    public async Task AFolderIsTakenAsItIsNow()
    {
        await using var bench = new ImageBench();
        await bench.MakeAsync("mkdir -p one/deep/er; echo 1 > one/deep/er/file");
        var source = new ImageSource.Folder(Path.Combine(bench.Trees, "one"));
        var first = await bench.Cache.PublishAsync("a", source, CancellationToken.None);
        (await bench.Cache.PublishAsync("a", source, CancellationToken.None)).Digest.ShouldBe(first.Digest);

        await bench.MakeAsync("echo 2 > one/deep/er/file");

        var second = await bench.Cache.PublishAsync("a", source, CancellationToken.None);
        second.Digest.ShouldNotBe(first.Digest);
        await bench.MountAsync(second);
        (await ImageBench.ShellAsync($"cat {bench.Mount}/deep/er/file")).ShouldBe("2\n");
    }

    [Fact]
    public async Task WhatIsMountedBelowAFolderIsNotTaken()
    {
        await using var bench = new ImageBench();
        await bench.MakeAsync("mkdir -p one/m; mount -t tmpfs none one/m; echo secret > one/m/file");
        try
        {
            await bench.MountAsync(await bench.Cache.PublishAsync("a", new ImageSource.Folder(Path.Combine(bench.Trees, "one")), CancellationToken.None));

            (await ImageBench.ShellAsync($"find {bench.Mount} -type f")).ShouldBe("");
        }
        finally
        {
            await bench.MakeAsync("umount one/m");
        }
    }

    [Fact]
    public async Task AFileIsCopiedAndPadded()
    {
        await using var bench = new ImageBench();
        await bench.MakeAsync("head -c 3000000 /dev/urandom > disk");

        var image = await bench.Cache.PublishAsync("a", new ImageSource.File(Path.Combine(bench.Trees, "disk")), CancellationToken.None);

        image.Bytes.ShouldBe(4 << 20);
        (await ImageBench.ShellAsync($"cmp -n 3000000 {bench.PathOf(image)} {bench.Trees}/disk; sha256sum < {bench.PathOf(image)}; stat -c '%a %u' {bench.PathOf(image)}"))
            .ShouldBe($"{image.Digest}  -\n444 0\n");
    }

    [Theory]
    [InlineData("truncate -s 1T one/sparse", "--images-max-bytes")]
    [InlineData("truncate -s 8E one/sparse 2>/dev/null || truncate -s 15T one/sparse; truncate -s 15T one/again", "--images-max-bytes")]
    [InlineData("mkdir one/many; cd one/many; seq 1001 | xargs touch", "--images-max-inodes")]
    [InlineData("touch one/$(printf 'n%.0s' {1..255})", "254")]
    [InlineData("cd one; for i in $(seq 300); do mkdir d; cd d; done", "256 deep")]
    public async Task ATreeBeyondALimitIsRefusedBeforeAnythingIsWritten(string script, string said)
    {
        await using var bench = new ImageBench(options => options with { MaxInodes = 1000 });
        await bench.MakeAsync("mkdir one; " + script);

        var refusal = await Should.ThrowAsync<TemplatingException>(() => bench.PublishAsync("one"));

        refusal.Code.ShouldBe(ErrorCode.InvalidArgument);
        refusal.Message.ShouldContain(said);
        Directory.EnumerateFileSystemEntries(bench.Root).ShouldBeEmpty();
    }

    [Fact]
    public async Task AnImageThatIsNotMadeInTimeIsGivenUpAndNothingIsLeft()
    {
        await using var bench = new ImageBench(options => options with { BuildTimeout = TimeSpan.FromMilliseconds(1) });
        await bench.MakeAsync("mkdir one; head -c 200000000 /dev/zero > one/file");

        var refusal = await Should.ThrowAsync<TemplatingException>(() => bench.PublishAsync("one"));

        refusal.Code.ShouldBe(ErrorCode.ImageBuildFailed);
        refusal.Message.ShouldContain("--images-build-timeout");
        Directory.EnumerateFileSystemEntries(bench.Root).ShouldBeEmpty();
        bench.Users.Taken.ShouldBe(0);
    }
}
