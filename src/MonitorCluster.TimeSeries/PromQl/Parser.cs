using System.Runtime.CompilerServices;

namespace MonitorCluster.TimeSeries.PromQl;

/// <summary>A recursive-descent parser with operator precedence, which checks types as it builds.</summary>
/// <remarks>
/// .NET cannot catch a stack overflow, so the limits are the program's life: the nesting of the text, the height of the tree (a chain of
/// <c>1+1+1...</c> nests in the tree only) and the number of nodes are counted, and every walk over the tree recurses at most that deep.
/// </remarks>
internal sealed partial class Parser
{
    /// <summary>Longest query, in UTF-16 units.</summary>
    public const int TextLengthMax = 64 * 1024;

    /// <summary>Deepest nesting and tree. 500 levels parse, evaluate and print on a stack of 1.25 MiB even unoptimised; threads have 1.5 MiB.</summary>
    public const int DepthMax = 500;

    /// <summary>Most nodes.</summary>
    public const int NodesMax = 10_000;

    private readonly List<Token> tokens;
    private int position;
    private int depth;
    private int nodeCount;

    private Parser(string text) => tokens = Lexer.Tokenize(text);

    private Token Current => tokens[position];

    private Token Following => tokens[Math.Min(position + 1, tokens.Count - 1)];

    /// <summary>Parses a whole query.</summary>
    /// <exception cref="PromQlParseException">It is no query, or uses what is not supported.</exception>
    public static Expr Parse(string text)
    {
        Parser parser = Open(text);
        if (parser.Current.Kind == TokenKind.End)
        {
            throw new PromQlParseException(text.Length, "the query is empty");
        }

        Expr root = parser.Expression(0);
        parser.ExpectEnd();
        return root;
    }

    /// <summary>Parses a lone selector, as in <c>match[]</c>.</summary>
    /// <exception cref="PromQlParseException">It is anything else.</exception>
    public static SelectorExpr ParseSelector(string text)
    {
        Parser parser = Open(text);
        SelectorExpr selector = parser.Selector();
        parser.ExpectEnd();
        return selector;
    }

    private static Parser Open(string text) => text.Length <= TextLengthMax ? new Parser(text)
        : throw new PromQlParseException(TextLengthMax, $"query has {text.Length} characters, over the limit of {TextLengthMax}");

    private void ExpectEnd()
    {
        if (Current.Kind == TokenKind.Colon)
        {
            throw Unsupported("subqueries");
        }

        if (Current.Kind != TokenKind.End)
        {
            throw Unexpected("");
        }
    }

    private Expr Expression(int precedenceMin)
    {
        Enter();
        Expr left = Unary();
        while (NextOperator() is { } op && op.Precedence() >= precedenceMin)
        {
            left = Binary(left, op);
        }

        depth--;
        return left;
    }

    private BinaryOperator? NextOperator()
    {
        foreach (string word in (ReadOnlySpan<string>)["and", "or", "unless"])
        {
            if (Current.IsWord(word))
            {
                throw Unsupported($"set operator \"{word}\"");
            }
        }

        return BinaryOperators.Of(Current);
    }

    private BinaryExpr Binary(Expr left, BinaryOperator op)
    {
        Token sign = Take();
        bool isBool = Current.IsWord("bool");
        if (isBool)
        {
            position++;
        }

        VectorMatching? matching = Matching();
        Expr right = Expression(op.Precedence() + (op == BinaryOperator.Power ? 0 : 1));
        foreach (Expr side in (ReadOnlySpan<Expr>)[left, right])
        {
            if (side.Type is not (ExprType.Scalar or ExprType.Vector))
            {
                throw new PromQlParseException(side.Offset, "an operator needs scalars or instant vectors on both sides");
            }
        }

        bool areScalars = left.Type == ExprType.Scalar && right.Type == ExprType.Scalar;
        if (isBool && !op.IsComparison())
        {
            throw new PromQlParseException(sign.Offset, "\"bool\" belongs to comparisons only");
        }

        if (op.IsComparison() && areScalars && !isBool)
        {
            throw new PromQlParseException(sign.Offset, "two scalars are compared with \"bool\", as in 1 < bool 2");
        }

        return matching is null || (left.Type == ExprType.Vector && right.Type == ExprType.Vector)
            ? Built(new BinaryExpr(left.Offset, op, left, right, isBool, matching))
            : throw new PromQlParseException(sign.Offset, "on and ignoring need an instant vector on both sides");
    }

    private VectorMatching? Matching()
    {
        bool isOn = Current.IsWord("on");
        if ((!isOn && !Current.IsWord("ignoring")) || Following.Kind != TokenKind.LeftParen)
        {
            return null;
        }

        position++;
        IReadOnlyList<string> labels = LabelNames();
        return Current.IsWord("group_left") || Current.IsWord("group_right")
            ? throw Unsupported($"many-to-one matching with \"{Current.Source}\"") : new VectorMatching(isOn, labels);
    }

    private Expr Unary()
    {
        if (Current.Kind is not (TokenKind.Plus or TokenKind.Minus))
        {
            return Modified(Primary());
        }

        Token sign = Take();
        Expr operand = Expression(BinaryOperators.PowerPrecedence);
        if (operand.Type is not (ExprType.Scalar or ExprType.Vector))
        {
            throw new PromQlParseException(sign.Offset, $"a sign cannot stand before {Described(operand.Type)}");
        }

        return sign.Kind == TokenKind.Plus ? operand
            : operand is NumberExpr number ? Built(new NumberExpr(sign.Offset, -number.Value))
            : Built(new NegateExpr(sign.Offset, operand));
    }

    private Expr Primary()
    {
        Token token = Current;
        switch (token.Kind)
        {
            case TokenKind.Number or TokenKind.Duration:
                position++;
                return Built(new NumberExpr(token.Offset, token.Number));
            case TokenKind.Text:
                position++;
                return Built(new TextExpr(token.Offset, token.Source));
            case TokenKind.LeftParen:
                position++;
                Expr inner = Expression(0);
                Expect(TokenKind.RightParen, "\")\"");
                return Built(new ParenExpr(token.Offset, inner));
            case TokenKind.LeftBrace:
                return Selector();
            case TokenKind.Word:
                return Word(token);
            default:
                throw Unexpected("an expression");
        }
    }

    private Expr Word(Token token)
    {
        if (token.IsWord("inf") || token.IsWord("nan"))
        {
            position++;
            return Built(new NumberExpr(token.Offset, token.IsWord("inf") ? double.PositiveInfinity : double.NaN));
        }

        string lower = token.Source.ToLowerInvariant();
        bool startsGrouping = Following.IsWord("by") || Following.IsWord("without");
        if (Following.Kind != TokenKind.LeftParen && !startsGrouping)
        {
            return Selector();
        }

        if (FunctionSignature.Aggregations.Contains(lower))
        {
            return Aggregation(lower);
        }

        if (FunctionSignature.All.TryGetValue(token.Source, out FunctionSignature? function) && !startsGrouping)
        {
            return Call(function);
        }

        throw FunctionSignature.Missing.Contains(lower) ? Unsupported($"function or aggregation \"{token.Source}\"")
            : new PromQlParseException(token.Offset, $"no function is called \"{token.Source}\"");
    }

    private T Built<T>(T node)
        where T : Expr
    {
        if (++nodeCount > NodesMax)
        {
            throw new PromQlParseException(node.Offset, $"query has over {NodesMax} parts");
        }

        return node.Depth <= DepthMax ? node : throw TooDeep(node.Offset);
    }

    private void Enter()
    {
        if (++depth > DepthMax || !RuntimeHelpers.TryEnsureSufficientExecutionStack())
        {
            throw TooDeep(Current.Offset);
        }
    }

    private static PromQlParseException TooDeep(int offset) => new(offset, $"query nests over {DepthMax} levels deep");

    private Token Take() => tokens[position++];

    private Token Expect(TokenKind kind, string expected) => Current.Kind == kind ? Take() : throw Unexpected(expected);

    private PromQlParseException Unexpected(string expected) =>
        new(Current.Offset, $"unexpected {Current.Described}{(expected.Length > 0 ? ", expected " + expected : "")}");

    private PromQlParseException Unsupported(string feature) => new(Current.Offset, $"{feature} not supported");

    private static string Described(ExprType type) => type switch
    {
        ExprType.Scalar => "a scalar",
        ExprType.Vector => "an instant vector",
        ExprType.Matrix => "a range vector",
        _ => "a string",
    };
}
