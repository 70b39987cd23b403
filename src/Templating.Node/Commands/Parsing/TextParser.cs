namespace Templating.Node.Commands.Parsing;

internal delegate bool TextParser<T>(string text, out T value);
