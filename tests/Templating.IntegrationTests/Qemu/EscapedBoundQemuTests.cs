namespace Templating.IntegrationTests.Qemu;

/// <summary>The same of a QEMU that waited for its template, and got its memory, image, state and port late.</summary>
public sealed class EscapedBoundQemuTests(EscapedBoundQemu escaped) : EscapedQemuTests<EscapedBoundQemu>(escaped);
