namespace Templating.Cli.Output;

internal enum OutputFormat
{
    Table,
    Json,
    Yaml,
    Name,

    /// <summary>A table with all its columns.</summary>
    Wide,
}
