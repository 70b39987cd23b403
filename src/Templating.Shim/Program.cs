namespace Templating.Shim;

internal static class Program
{
    private static int Main() => 2;
}
