namespace Templating.Kubernetes.Schemas;

/// <summary>
/// A part of a VMClone's spec that its VM is given once. After that a change is refused by a rule in CEL, unless another VM may
/// come that gets it; the operator says in a condition what of it is not so.
/// </summary>
/// <param name="name">The spec's, in JSON.</param>
/// <param name="since">The status' field that is there from then on.</param>
[AttributeUsage(AttributeTargets.Class, AllowMultiple = true)]
public sealed class GivenAtStartAttribute(string name, string since) : CelAttribute(
    $"!has(self.status) || !has(self.status.{since})"
        + " || (has(self.spec.restartPolicy) && self.spec.restartPolicy != 'Never' && !has(self.status.finishTime))"
        + $" || (has(self.spec.{name}) == has(oldSelf.spec.{name}) && (!has(self.spec.{name}) || self.spec.{name} == oldSelf.spec.{name}))",
    $"{name} is given to a VM at its start, and with restartPolicy Never no other takes its place: make another VMClone")
{
    public string Field => name;

    public string Since => since;
}
