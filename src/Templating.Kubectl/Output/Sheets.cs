using Templating.Terminal.Tables;

namespace Templating.Kubectl.Output;

/// <summary>Rows of cells as a table.</summary>
internal static class Sheets
{
    /// <param name="room">The columns of the terminal; null where nothing is to be cut.</param>
    public static string Of(IReadOnlyList<string> headers, IEnumerable<IReadOnlyList<string>> rows, int? room) => TableText.Render(
        [.. headers.Select((header, i) => new Column<IReadOnlyList<string>>(header, cells => cells[i]))],
        rows, terminal: false, environment: _ => null, room: room);
}
