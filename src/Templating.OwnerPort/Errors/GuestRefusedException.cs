namespace Templating.OwnerPort.Errors;

/// <summary>The guest refused one request; the conversation goes on.</summary>
public sealed class GuestRefusedException : Exception
{
    internal GuestRefusedException(string request, uint errno, string words)
        : base($"The guest refused {request}: {words} (errno {errno})") => Errno = errno;

    /// <summary>Linux's number of the reason, as the guest gives it: 2 where there is no such thing, 3 where the process has ended.</summary>
    public uint Errno { get; }
}
