using Spectre.Console;

namespace Templating.Terminal.Tables;

/// <summary>A column of a table.</summary>
/// <param name="Header">In capitals, as kubectl has them.</param>
/// <param name="Wide">Shown only with <c>--wide</c>.</param>
/// <param name="Right">Numbers stand to the right.</param>
internal sealed record Column<T>(string Header, Func<T, string> Value, bool Wide = false, bool Right = false, Func<T, Color?>? Colour = null);
