namespace Templating.Contract;

/// <summary>A VM's CPUs: how many, and of which model.</summary>
public static class CpuRules
{
    public const int MaxVcpus = 64;

    public const int DefaultVcpus = 1;

    public const int MaxModel = 64;

    /// <summary>A name without flags: behind a comma QEMU reads further options.</summary>
    public const string ModelPattern = "^[a-zA-Z0-9][a-zA-Z0-9._-]*$";

    public static IEnumerable<FieldViolation> CheckVcpus(string field, int vcpus) =>
        FieldViolation.Unless(vcpus is >= 1 and <= MaxVcpus, field, $"{vcpus} is not allowed; use 1 to {MaxVcpus}.");

    /// <summary>What they may grow to; null for no more than it begins with.</summary>
    public static IEnumerable<FieldViolation> CheckMost(string field, int? most, int vcpus) => FieldViolation.Unless(
        most is null || (most >= vcpus && most <= MaxVcpus), field,
        $"{most} is not allowed; use what it begins with ({vcpus}) to {MaxVcpus}, or leave it out.");

    /// <param name="model">Null for the best the accelerator has.</param>
    public static IEnumerable<FieldViolation> CheckModel(string field, string? model) => FieldViolation.Unless(
        model is null || (model.Length is > 0 and <= MaxModel && char.IsAsciiLetterOrDigit(model[0]) && model.All(IsNameCharacter)), field,
        $"{Quote.Text(model)} is not a CPU model; use 1 to {MaxModel} letters, digits, '.', '_' and '-', without feature flags, or leave it out.");

    /// <summary>In a name of QEMU's.</summary>
    internal static bool IsNameCharacter(char c) => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-';
}
