namespace Templating.Core.Machines;

/// <summary>A network card for a VM that runs.</summary>
/// <param name="Mac">Six bytes in hexadecimal with colons between.</param>
/// <param name="Mtu">What its guest is told; null for nothing, which is 1500.</param>
public sealed record NicSpec(string Mac, int? Mtu);
