namespace Templating.IntegrationTests.Qemu;

/// <summary>The same in a QEMU that waited for its template.</summary>
public sealed class EscapedBlankQemuTests(EscapedBoundQemu escaped) : EscapedQemuTests<EscapedBoundQemu>(escaped);
