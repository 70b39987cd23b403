using CsCheck;
using Spectre.Console;
using Templating.Terminal.Tables;

namespace Templating.UnitTests.Terminal.Tables;

public sealed class ColumnFitTests
{
    private static readonly IReadOnlyList<Column<string[]>> Columns = [new("ID", r => r[0]), new("REASON", r => r[1]), new("AGE", r => r[2], Right: true)];

    [Fact]
    public void NoTableIsWiderThanItsTerminalAndTheFirstColumnIsAlwaysThere() =>
        Gen.Select(Gen.Int[1, 40].Array[1, 12], Gen.Int[1, 200]).Sample((natural, width) =>
        {
            var headers = natural.Select(n => Math.Min(n, 6)).ToArray();
            var fit = ColumnFit.Fit(natural, headers, width);
            fit.Length.ShouldBeInRange(1, natural.Length);
            (fit.Sum() + (ColumnFit.Gap * (fit.Length - 1))).ShouldBeLessThanOrEqualTo(width);
            fit.ShouldAllBe(w => w > 0);
            if (natural.Sum() + (ColumnFit.Gap * (natural.Length - 1)) <= width)
            {
                fit.ShouldBe(natural);
            }
        });

    [Theory]
    [InlineData(null, "ID     REASON                                       AGE\nweb-1  a long reason that says what happened, 界界   5m\n")]
    [InlineData(30, "ID     REASON              AGE\nweb-1  a long reason tha…   5m\n")]
    [InlineData(10, "ID\nweb-1\n")]
    [InlineData(1, "…\n…\n")]
    public void WhatHasNoRoomIsCutAndThenLeftOut(int? room, string expected) =>
        Table(["web-1", "a long reason that says what happened, 界界", "5m"], room).ShouldBe(expected);

    [Fact]
    public void NoWidthMakesATableThrow() => Gen.Select(Gen.String, Gen.Int[1, 60]).Sample((text, room) =>
    {
        foreach (var line in Table(["web-1", text, "5m"], room).Split('\n'))
        {
            line.GetCellWidth().ShouldBeLessThanOrEqualTo(room);
        }
    });

    private static string Table(string[] row, int? room) => TableText.Render(Columns, [row], terminal: false, _ => null, room: room);
}
