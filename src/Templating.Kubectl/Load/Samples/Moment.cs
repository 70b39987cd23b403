namespace Templating.Kubectl.Load.Samples;

/// <summary>Points in the life of what a load test creates, in order; all by the tool's own clock, at the moment it learned of them.</summary>
internal enum Moment
{
    /// <summary>When the schedule wanted it.</summary>
    Offered,

    /// <summary>Before the create call: from here on its time counts.</summary>
    Created,

    /// <summary>The create call was answered.</summary>
    Accepted,

    /// <summary>It has a node: a pod was bound, or a VMClone has the pod of its VM there.</summary>
    Placed,

    /// <summary>A pod runs; a VMClone's VM is at its template's frozen moment.</summary>
    Started,

    /// <summary>Its condition Ready is true.</summary>
    Ready,

    /// <summary>Ready, and where the recipe asks for it, it has answered by HTTP.</summary>
    Usable,

    /// <summary>After it was usable it no longer was, and nobody here had deleted it.</summary>
    Ended,

    /// <summary>Before the delete call.</summary>
    Deleted,

    /// <summary>The API server has it no more.</summary>
    Gone,
}
