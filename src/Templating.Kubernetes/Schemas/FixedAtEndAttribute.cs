namespace Templating.Kubernetes.Schemas;

/// <summary>A part of a VMClone's spec that nobody looks at when it has finished: a change is refused then, by a rule in CEL.</summary>
/// <param name="name">The spec's, in JSON.</param>
[AttributeUsage(AttributeTargets.Class, AllowMultiple = true)]
public sealed class FixedAtEndAttribute(string name) : CelAttribute(
    "!has(self.status) || !has(self.status.finishTime)"
        + $" || (has(self.spec.{name}) == has(oldSelf.spec.{name}) && (!has(self.spec.{name}) || self.spec.{name} == oldSelf.spec.{name}))",
    $"it has finished: {name} changes nothing any more; make another VMClone")
{
    public string Field => name;
}
