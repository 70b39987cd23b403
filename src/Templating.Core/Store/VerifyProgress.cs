namespace Templating.Core.Store;

public sealed record VerifyProgress(string File, long Done, long Total);
