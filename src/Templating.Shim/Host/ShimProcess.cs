using System.Globalization;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Templating.Core.Linux;

namespace Templating.Shim.Host;

/// <summary>The process that serves a pod, as it was written down when it was started.</summary>
internal sealed class ShimProcess : IDisposable
{
    private const string FileName = "shim";
    private const int MaxBytes = 64;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(10);

    private readonly SafeFileHandle _process;

    private ShimProcess(SafeFileHandle process) => _process = process;

    public static void Write(string folder, int pid) => SmallFile.Replace(
        Path.Combine(folder, FileName),
        Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{pid} {ProcessStat.ReadStartTime(pid) ?? 0}\n")));

    /// <returns>Null where it has ended: a later process of its number is another one.</returns>
    public static ShimProcess? Find(string folder)
    {
        var path = Path.Combine(folder, FileName);
        if (FileStamp.TryRead(path) is null
            || Encoding.ASCII.GetString(SmallFile.Read(path, MaxBytes)).Split(' ') is not [var number, var time]
            || !int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var pid)
            || !long.TryParse(time.AsSpan().TrimEnd(), NumberStyles.None, CultureInfo.InvariantCulture, out var start)
            || ProcessFile.Open(pid) is not { } process)
        {
            return null;
        }

        // Its descriptor was opened first: what is read now is of that process.
        if (ProcessFile.HasEnded(process) || ProcessStat.ReadStartTime(pid) != start)
        {
            process.Dispose();
            return null;
        }

        return new ShimProcess(process);
    }

    /// <returns>False where it has not ended within that time.</returns>
    public async Task<bool> EndsAsync(TimeSpan limit, TimeProvider time)
    {
        var start = time.GetTimestamp();
        while (!ProcessFile.HasEnded(_process))
        {
            if (time.GetElapsedTime(start) >= limit)
            {
                return false;
            }

            await Task.Delay(Interval, time, CancellationToken.None);
        }

        return true;
    }

    public void Kill() => ProcessFile.Kill(_process);

    public void Dispose() => _process.Dispose();
}
