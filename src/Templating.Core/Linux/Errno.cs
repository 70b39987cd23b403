namespace Templating.Core.Linux;

/// <summary>Error numbers of Linux (errno(3)) that are told apart.</summary>
internal static class Errno
{
    public const int NotPermitted = 1;
    public const int NoEntry = 2;
    public const int NoProcess = 3;
    public const int Interrupted = 4;
    public const int InputOutput = 5;
    public const int NoSuchAddress = 6;
    public const int Again = 11;
    public const int NoMemory = 12;
    public const int Access = 13;
    public const int Busy = 16;
    public const int Exists = 17;
    public const int CrossDevice = 18;
    public const int NotFolder = 20;
    public const int Invalid = 22;
    public const int TooManyFilesInAll = 23;
    public const int TooManyFiles = 24;
    public const int FileTooLarge = 27;
    public const int NoSpace = 28;
    public const int ReadOnly = 30;
    public const int NotImplemented = 38;
    public const int NotEmpty = 39;
    public const int SymbolicLinks = 40;
    public const int NotSupported = 95;
    public const int NoBuffers = 105;
    public const int QuotaExceeded = 122;
}
