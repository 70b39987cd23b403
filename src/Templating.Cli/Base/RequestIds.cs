using Templating.Cli.Exits;

namespace Templating.Cli.Base;

internal static class RequestIds
{
    /// <returns>Empty for none.</returns>
    public static string Checked(string? text) => text switch
    {
        null => "",
        _ when Guid.TryParseExact(text, "D", out _) => text,
        _ => throw new CliException(ExitCode.Usage, $"--request-id: '{text}' is not a UUID such as 0e2f8b1c-5d7a-4a53-9d0e-6f1c2b3a4d5e."),
    };
}
