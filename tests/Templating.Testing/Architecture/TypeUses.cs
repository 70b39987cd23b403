using System.Buffers.Binary;
using System.Reflection;
using System.Reflection.Emit;

namespace Templating.Testing.Architecture;

/// <summary>Every type that a type's declaration, members, attributes and code name.</summary>
internal static class TypeUses
{
    private const BindingFlags Everything =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static readonly Dictionary<short, OpCode> Codes = typeof(OpCodes).GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(field => (OpCode)field.GetValue(null)!).ToDictionary(code => code.Value);

    public static IEnumerable<Type> Of(Type type)
    {
        IEnumerable<Type?> declared = [type.BaseType, .. type.GetInterfaces(), .. type.GetGenericArguments().SelectMany(ConstraintsOf), .. Attributes(type)];
        return declared.Concat(type.GetMembers(Everything).SelectMany(OfMember)).SelectMany(Flat).Distinct();
    }

    private static IEnumerable<Type?> OfMember(MemberInfo member) => Attributes(member).Concat<Type?>(member switch
    {
        FieldInfo field => [field.FieldType],
        PropertyInfo property => [property.PropertyType],
        MethodBase method => SignatureOf(method).Concat(OfBody(method)),
        _ => [],
    });

    private static IEnumerable<Type?> SignatureOf(MethodBase method) =>
    [
        .. method.GetParameters().Select(parameter => parameter.ParameterType),
        (method as MethodInfo)?.ReturnType,
        .. method.IsGenericMethod ? method.GetGenericArguments().SelectMany(argument => argument.IsGenericParameter ? ConstraintsOf(argument) : [argument]) : [],
    ];

    private static IEnumerable<Type?> OfBody(MethodBase method)
    {
        if (method.GetMethodBody() is not { } body || body.GetILAsByteArray() is not { } code)
        {
            return [];
        }

        return body.LocalVariables.Select(local => local.LocalType)
            .Concat(body.ExceptionHandlingClauses.Where(clause => clause.Flags == ExceptionHandlingClauseOptions.Clause).Select(clause => clause.CatchType))
            .Concat(Tokens(code).SelectMany(token => Named(method, token)));
    }

    private static IEnumerable<Type?> Named(MethodBase method, int token)
    {
        var ofType = method.DeclaringType is { IsGenericType: true } type ? type.GetGenericArguments() : null;
        var ofMethod = method.IsGenericMethod ? method.GetGenericArguments() : null;
        return method.Module.ResolveMember(token, ofType, ofMethod) switch
        {
            Type used => [used],
            FieldInfo field => [field.DeclaringType, field.FieldType],
            MethodBase called => [called.DeclaringType, .. SignatureOf(called)],
            _ => [],
        };
    }

    /// <summary>The metadata tokens of types and members in a method's code (ECMA-335, III.1.9).</summary>
    private static IEnumerable<int> Tokens(byte[] code)
    {
        for (var at = 0; at < code.Length;)
        {
            var value = code[at] == 0xFE ? unchecked((short)(0xFE00 | code[at + 1])) : code[at];
            at += value is >= 0 and <= 0xFF ? 1 : 2;
            var operand = Codes[value].OperandType;
            if (operand is OperandType.InlineMethod or OperandType.InlineField or OperandType.InlineType or OperandType.InlineTok)
            {
                yield return BinaryPrimitives.ReadInt32LittleEndian(code.AsSpan(at));
            }

            at += operand switch
            {
                OperandType.InlineNone => 0,
                OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
                OperandType.InlineVar => 2,
                OperandType.InlineI8 or OperandType.InlineR => 8,
                OperandType.InlineSwitch => 4 + (4 * BinaryPrimitives.ReadInt32LittleEndian(code.AsSpan(at))),
                _ => 4,
            };
        }
    }

    private static IEnumerable<Type> Attributes(MemberInfo member) => member.GetCustomAttributesData().SelectMany(attribute =>
        attribute.ConstructorArguments.Select(argument => argument.Value).OfType<Type>().Prepend(attribute.AttributeType));

    private static Type[] ConstraintsOf(Type argument) => argument.IsGenericParameter ? argument.GetGenericParameterConstraints() : [argument];

    /// <summary>The types within a type: an array's items, a generic type's arguments.</summary>
    private static IEnumerable<Type> Flat(Type? type) =>
        type is null || type.IsGenericParameter ? []
        : type.HasElementType ? Flat(type.GetElementType())
        : type.IsFunctionPointer ? [type.GetFunctionPointerReturnType(), .. type.GetFunctionPointerParameterTypes()]
        : type.IsConstructedGenericType ? [type.GetGenericTypeDefinition(), .. type.GetGenericArguments().SelectMany(Flat)]
        : [type];
}
