namespace Templating.Terminal.Descriptors;

/// <summary>The process's three streams; made before anything else is opened.</summary>
internal sealed record StandardStreams
{
    // A pipe takes 64 KiB; a page is written by one call.
    private const int BufferSize = 4096;

    private StandardStreams(DescriptorOutput output, DescriptorOutput error, OutputGuard guard)
    {
        (Output, ErrorOutput, Guard) = (output, error, guard);
        Out = new StreamWriter(output, bufferSize: BufferSize, leaveOpen: true);
        Error = new StreamWriter(error, bufferSize: BufferSize, leaveOpen: true) { AutoFlush = true };
    }

    public TextWriter Out { get; }

    public TextWriter Error { get; }

    public DescriptorOutput Output { get; }

    public DescriptorOutput ErrorOutput { get; }

    public OutputGuard Guard { get; }

    public static StandardStreams OfProcess()
    {
        StandardDescriptors.Reserve();
        var guard = new OutputGuard();
        return new StandardStreams(
            new DescriptorOutput(StandardDescriptors.Handle(StandardDescriptors.Output), guard.Fail),
            new DescriptorOutput(StandardDescriptors.Handle(StandardDescriptors.Error), guard.FailError),
            guard);
    }
}
