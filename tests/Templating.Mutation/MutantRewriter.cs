using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Templating.Mutation;

/// <summary>
/// Puts all mutants of a file into it at once, each behind <c>Mutants.Is(id)</c>: one build for all of them. Left alone are constants,
/// what is evaluated once (static fields), attributes, messages and logs, and expressions that declare variables.
/// </summary>
internal sealed class MutantRewriter(string file, int firstId, IReadOnlySet<string> excluded) : CSharpSyntaxRewriter
{
    private static readonly Dictionary<SyntaxKind, string> Operators = new()
    {
        [SyntaxKind.LessThanExpression] = "<=",
        [SyntaxKind.LessThanOrEqualExpression] = "<",
        [SyntaxKind.GreaterThanExpression] = ">=",
        [SyntaxKind.GreaterThanOrEqualExpression] = ">",
        [SyntaxKind.EqualsExpression] = "!=",
        [SyntaxKind.NotEqualsExpression] = "==",
        [SyntaxKind.AddExpression] = "-",
        [SyntaxKind.SubtractExpression] = "+",
        [SyntaxKind.MultiplyExpression] = "/",
        [SyntaxKind.DivideExpression] = "*",
        [SyntaxKind.ModuloExpression] = "*",
    };

    private readonly List<Mutant> _mutants = [];

    public IReadOnlyList<Mutant> Mutants => _mutants;

    public override SyntaxNode? VisitAttributeList(AttributeListSyntax node) => node;

    public override SyntaxNode? VisitThrowExpression(ThrowExpressionSyntax node) => node;

    public override SyntaxNode? VisitThrowStatement(ThrowStatementSyntax node) => node;

    public override SyntaxNode? VisitInterpolatedStringExpression(InterpolatedStringExpressionSyntax node) => node;

    public override SyntaxNode? VisitEnumDeclaration(EnumDeclarationSyntax node) => node;

    public override SyntaxNode? VisitParameterList(ParameterListSyntax node) => node;

    public override SyntaxNode? VisitConstructorInitializer(ConstructorInitializerSyntax node) => node;

    public override SyntaxNode? VisitFieldDeclaration(FieldDeclarationSyntax node) =>
        node.Modifiers.Any(m => m.IsKind(SyntaxKind.ConstKeyword) || m.IsKind(SyntaxKind.StaticKeyword)) ? node : base.VisitFieldDeclaration(node);

    public override SyntaxNode? VisitPropertyDeclaration(PropertyDeclarationSyntax node) =>
        node.Initializer is not null && node.Modifiers.Any(SyntaxKind.StaticKeyword) ? node : base.VisitPropertyDeclaration(node);

    public override SyntaxNode? VisitLocalDeclarationStatement(LocalDeclarationStatementSyntax node) =>
        node.IsConst ? node : base.VisitLocalDeclarationStatement(node);

    public override SyntaxNode? VisitArgument(ArgumentSyntax node) => node.RefKindKeyword.IsKind(SyntaxKind.None) ? base.VisitArgument(node) : node;

    public override SyntaxNode? VisitBinaryExpression(BinaryExpressionSyntax node)
    {
        var visited = (BinaryExpressionSyntax)base.VisitBinaryExpression(node)!;
        if (node.IsKind(SyntaxKind.LogicalAndExpression) || node.IsKind(SyntaxKind.LogicalOrExpression))
        {
            return visited.WithLeft(Operand(node, node.Left, visited.Left)).WithRight(Operand(node, node.Right, visited.Right));
        }

        return Operators.TryGetValue(node.Kind(), out var other) && !HasText(node)
            ? Choose(node, visited, $"{node.Left} {other} {node.Right}", "operator")
            : visited;
    }

    public override SyntaxNode? VisitIsPatternExpression(IsPatternExpressionSyntax node)
    {
        var visited = base.VisitIsPatternExpression(node)!;
        return Choose(node, (ExpressionSyntax)visited, $"!({node})", "pattern", Borders(node));
    }

    public override SyntaxNode? VisitConditionalExpression(ConditionalExpressionSyntax node)
    {
        var visited = (ConditionalExpressionSyntax)base.VisitConditionalExpression(node)!;
        return visited.WithCondition(Condition(node.Condition, visited.Condition));
    }

    public override SyntaxNode? VisitIfStatement(IfStatementSyntax node)
    {
        var visited = (IfStatementSyntax)base.VisitIfStatement(node)!;
        return visited.WithCondition(Condition(node.Condition, visited.Condition));
    }

    public override SyntaxNode? VisitPrefixUnaryExpression(PrefixUnaryExpressionSyntax node)
    {
        var visited = (ExpressionSyntax)base.VisitPrefixUnaryExpression(node)!;
        return node.IsKind(SyntaxKind.LogicalNotExpression) ? Choose(node, visited, $"{node.Operand}", "negation") : visited;
    }

    public override SyntaxNode? VisitLiteralExpression(LiteralExpressionSyntax node)
    {
        // In a pattern or a case it must be a constant.
        if (node.Ancestors().Any(a => a is PatternSyntax or SwitchLabelSyntax))
        {
            return node;
        }

        return node.Kind() switch
        {
            SyntaxKind.TrueLiteralExpression => Choose(node, node, "false", "literal"),
            SyntaxKind.FalseLiteralExpression => Choose(node, node, "true", "literal"),
            SyntaxKind.NumericLiteralExpression when node.Token.Value is int => Choose(node, node, $"{node} + 1", "literal"),
            _ => node,
        };
    }

    public override SyntaxNode? VisitExpressionStatement(ExpressionStatementSyntax node)
    {
        var visited = (ExpressionStatementSyntax)base.VisitExpressionStatement(node)!;
        var text = node.ToString();
        if (text.Contains("ogger.", StringComparison.Ordinal) || text.StartsWith("Log.", StringComparison.Ordinal) || Declares(node) || Add(node, "statement", $"{text} -> nothing") is not { } id)
        {
            return visited;
        }

        return SyntaxFactory.ParseStatement($"if (!global::Mutants.Is({id})) {{ {visited.WithoutTrivia()} }}").WithTriviaFrom(visited);
    }

    /// <summary>A property of something new that is left as it is.</summary>
    public override SyntaxNode? VisitAssignmentExpression(AssignmentExpressionSyntax node)
    {
        var visited = (AssignmentExpressionSyntax)base.VisitAssignmentExpression(node)!;
        return node.Parent is InitializerExpressionSyntax && node.Right is not (CollectionExpressionSyntax or LiteralExpressionSyntax or InitializerExpressionSyntax)
            && !node.Right.ToString().StartsWith("default", StringComparison.Ordinal)
            ? visited.WithRight(Choose(node.Right, visited.Right, "default!", "property"))
            : visited;
    }

    private ExpressionSyntax Condition(ExpressionSyntax node, ExpressionSyntax visited) =>
        node is IsPatternExpressionSyntax or BinaryExpressionSyntax { RawKind: not ((int)SyntaxKind.LogicalAndExpression or (int)SyntaxKind.LogicalOrExpression) } or PrefixUnaryExpressionSyntax
            ? visited
            : Choose(node, visited, $"!({node})", "condition");

    /// <summary>Of a and b, or of a or b, one is left out.</summary>
    private ExpressionSyntax Operand(BinaryExpressionSyntax whole, ExpressionSyntax node, ExpressionSyntax visited) =>
        Choose(node, visited, whole.IsKind(SyntaxKind.LogicalAndExpression) ? "true" : "false", "operand");

    /// <summary>Each border of a pattern moved by one.</summary>
    private static IEnumerable<string> Borders(IsPatternExpressionSyntax node)
    {
        foreach (var relation in node.Pattern.DescendantNodesAndSelf().OfType<RelationalPatternSyntax>())
        {
            var other = relation.OperatorToken.Text switch { "<" => "<=", "<=" => "<", ">" => ">=", _ => ">" };
            yield return node.ReplaceNode(relation, relation.WithOperatorToken(SyntaxFactory.ParseToken(other))).ToString();
        }
    }

    private ExpressionSyntax Choose(ExpressionSyntax node, ExpressionSyntax visited, string change, string kind, IEnumerable<string>? more = null)
    {
        if (Declares(node))
        {
            return visited;
        }

        foreach (var to in (more ?? []).Prepend(change))
        {
            if (Add(node, kind, $"{node} -> {to}") is { } id)
            {
                visited = SyntaxFactory.ParseExpression($"(global::Mutants.Is({id}) ? ({to}) : ({visited.WithoutTrivia()}))").WithTriviaFrom(node);
            }
        }

        return visited;
    }

    private int? Add(SyntaxNode node, string kind, string change)
    {
        var line = node.GetLocation().GetLineSpan().StartLinePosition.Line + 1;
        var mutant = new Mutant(firstId + _mutants.Count, file, line, kind, string.Join(' ', change.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)));
        if (excluded.Contains(mutant.Key))
        {
            return null;
        }

        _mutants.Add(mutant);
        return mutant.Id;
    }

    private static bool HasText(SyntaxNode node) => node.DescendantNodes().Any(n => n is InterpolatedStringExpressionSyntax || n.IsKind(SyntaxKind.StringLiteralExpression));

    private static bool Declares(SyntaxNode node) => node.DescendantNodesAndSelf().Any(n => n is VariableDesignationSyntax and not DiscardDesignationSyntax);
}
