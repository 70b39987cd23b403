namespace Templating.Core.Store;

public sealed record CollectResult(int Images, int StagingFolders, long Bytes);
