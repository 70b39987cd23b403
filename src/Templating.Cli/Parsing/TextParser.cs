namespace Templating.Cli.Parsing;

internal delegate bool TextParser<T>(string text, out T value);
