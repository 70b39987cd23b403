using Templating.Contract;
using Templating.Core.Images;
using Templating.Testing;

namespace Templating.UnitTests.Images;

public sealed class ImageFoldersTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly Faults _faults = new();

    public ImageFoldersTests()
    {
        Directory.CreateDirectory(_folder["allowed/deep/er"]);
        Directory.CreateDirectory(_folder["other/deep"]);
        Directory.CreateSymbolicLink(_folder["allowed/out"], _folder["other"]);
        Directory.CreateSymbolicLink(_folder["allowed/deep/link"], "er");
        Directory.CreateSymbolicLink(_folder["linked"], _folder["allowed"]);
        File.WriteAllText(_folder["allowed/file"], "x");
        File.WriteAllText(_folder["allowed/empty"], "");
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void WhatLiesInAnAllowedFolderIsOpenedWhereItReallyIs()
    {
        using var handle = new ImageFolders([_folder["linked"]]).OpenFolder("f", _folder["linked/deep/er"], _faults);

        ImageFolders.RealPath(handle!).ShouldBe(_folder["allowed/deep/er"], "the operator's own folder may be reached through a link");
        _faults.All.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("allowed", "does not lie in")]
    [InlineData("other/deep", "does not lie in")]
    [InlineData("allowedbutnot", "does not lie in")]
    [InlineData("allowed/out/deep", "symbolic link")]
    [InlineData("allowed/out", "symbolic link", "Not a directory")]
    [InlineData("allowed/deep/link", "symbolic link", "Not a directory")]
    [InlineData("allowed/../other/deep", "shortest form")]
    [InlineData("allowed/deep/", "shortest form")]
    [InlineData("allowed//deep", "shortest form")]
    [InlineData("allowed/./deep", "shortest form")]
    [InlineData("allowed/nowhere", "No such file")]
    [InlineData("allowed/file", "Not a directory")]
    public void WhatDoesNotIsRefusedByItsField(string path, params string[] said)
    {
        new ImageFolders([_folder["allowed"]]).OpenFolder("f", _folder.Path + "/" + path, _faults).ShouldBeNull();

        var fault = _faults.All.ShouldHaveSingleItem();
        fault.Field.ShouldBe("f");
        said.ShouldContain(text => fault.Description.Contains(text, StringComparison.Ordinal), fault.Description);
    }

    [Theory]
    [InlineData("")]
    [InlineData("/")]
    [InlineData("relative/path")]
    [InlineData("/a\0b")]
    public void WhatIsNoPathIsRefused(string path)
    {
        new ImageFolders(["/"]).OpenFolder("f", path, _faults).ShouldBeNull();

        _faults.All.Count.ShouldBe(1);
    }

    [Fact]
    public void ANodeThatAllowsNoFolderSaysWhichOptionDoes()
    {
        new ImageFolders([]).OpenFolder("f", _folder["allowed/deep"], _faults).ShouldBeNull();

        _faults.All.Single().Description.ShouldContain("--images-folders");
    }

    [Theory]
    [InlineData("allowed/file", null)]
    [InlineData("allowed/empty", "is empty")]
    [InlineData("allowed/deep", "is a folder")]
    public void OnlyAFileWithSomethingInItIsAnImage(string path, string? problem)
    {
        using var handle = new ImageFolders([_folder["allowed"]]).OpenFile("f", _folder[path], _faults);

        (handle is null).ShouldBe(problem is not null);
        _faults.All.Count.ShouldBe(problem is null ? 0 : 1);
        _faults.All.ShouldAllBe(fault => fault.Description.Contains(problem!, StringComparison.Ordinal));
    }
}
