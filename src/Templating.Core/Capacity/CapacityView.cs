namespace Templating.Core.Capacity;

public sealed record CapacityView(long BudgetBytes, long ChargedBytes, int Clones, int MaxClones);
