namespace Templating.Core.Linux;

/// <summary>Error numbers of Linux (errno(3)) that the store tells apart.</summary>
internal static class Errno
{
    public const int NoEntry = 2;
    public const int NoSuchAddress = 6;
    public const int Again = 11;
    public const int Exists = 17;
    public const int NoSpace = 28;
    public const int NotImplemented = 38;
    public const int NotEmpty = 39;
    public const int SymlinkLoop = 40;
    public const int NotSupported = 95;
    public const int QuotaExceeded = 122;
}
