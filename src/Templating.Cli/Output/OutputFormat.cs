namespace Templating.Cli.Output;

internal enum OutputFormat
{
    Table,
    Json,
    Yaml,
    Name,
}
