namespace Templating.Contract;

/// <summary>QEMU's machine types: only q35 machines have what is needed (PCI Express and NVDIMM).</summary>
public static class MachineTypeRules
{
    /// <summary>Where unset.</summary>
    public const string Default = "q35";

    public const int MaxLength = 64;

    public const string Pattern = "^(" + Default + "|" + Versioned + "[a-zA-Z0-9._-]+)$";

    private const string Versioned = "pc-q35-";

    public static IEnumerable<FieldViolation> Check(string field, string? type) => FieldViolation.Unless(
        type is Default || (type is { Length: > 7 and <= MaxLength } && type.StartsWith(Versioned, StringComparison.Ordinal) && type.All(CpuRules.IsNameCharacter)),
        field, $"{Quote.Text(type)} is not a q35 machine; use 'q35' or a versioned type such as 'pc-q35-10.0'.");
}
