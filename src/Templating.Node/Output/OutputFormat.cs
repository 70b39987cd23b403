namespace Templating.Node.Output;

internal enum OutputFormat
{
    Table,
    Json,
    Yaml,
    Name,
}
