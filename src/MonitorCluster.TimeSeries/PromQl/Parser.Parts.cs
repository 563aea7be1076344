using MonitorCluster.TimeSeries.Model;

namespace MonitorCluster.TimeSeries.PromQl;

/// <content>Calls, aggregations, selectors and what follows them.</content>
internal sealed partial class Parser
{
    private CallExpr Call(FunctionSignature function)
    {
        Token name = Take();
        List<Expr> arguments = Arguments();
        int countMax = function.Arguments.Length, countMin = countMax - function.OptionalCount;
        if (arguments.Count < countMin || arguments.Count > countMax)
        {
            string bound = countMin == countMax ? "" : arguments.Count < countMin ? "at least " : "at most ";
            throw WrongCount(name, function.Name, bound, arguments.Count < countMin ? countMin : countMax, arguments.Count);
        }

        for (int i = 0; i < arguments.Count; i++)
        {
            Require(arguments[i], function.Arguments[i], function.Name);
        }

        return Built(new CallExpr(name.Offset, function, arguments));
    }

    private AggregateExpr Aggregation(string op)
    {
        Token name = Take();
        (bool isWithout, IReadOnlyList<string>? labels) = Grouping();
        List<Expr> arguments = Arguments();
        if (labels is null)
        {
            (isWithout, labels) = Grouping();
        }

        int countWanted = op is "topk" or "bottomk" ? 2 : 1;
        if (arguments.Count != countWanted)
        {
            throw WrongCount(name, op, "", countWanted, arguments.Count);
        }

        Expr? parameter = countWanted == 2 ? arguments[0] : null;
        if (parameter is not null)
        {
            Require(parameter, ExprType.Scalar, $"the count of {op}");
        }

        Require(arguments[^1], ExprType.Vector, op);
        return Built(new AggregateExpr(name.Offset, op, parameter, arguments[^1], isWithout, labels));
    }

    private static PromQlParseException WrongCount(in Token name, string function, string bound, int wanted, int given) =>
        new(name.Offset, $"{function} takes {bound}{wanted} argument{(wanted == 1 ? "" : "s")}, {given} given");

    private static void Require(Expr argument, ExprType wanted, string where)
    {
        if (argument.Type != wanted)
        {
            throw new PromQlParseException(argument.Offset, $"{where} needs {Described(wanted)}, this is {Described(argument.Type)}");
        }
    }

    private (bool IsWithout, IReadOnlyList<string>? Labels) Grouping()
    {
        bool isWithout = Current.IsWord("without");
        if (!isWithout && !Current.IsWord("by"))
        {
            return (false, null);
        }

        position++;
        return (isWithout, LabelNames());
    }

    private List<Expr> Arguments()
    {
        var arguments = new List<Expr>();
        Expect(TokenKind.LeftParen, "\"(\"");
        while (Current.Kind != TokenKind.RightParen || arguments.Count > 0)
        {
            arguments.Add(Expression(0));
            if (Current.Kind == TokenKind.RightParen)
            {
                break;
            }

            Expect(TokenKind.Comma, "\",\" or \")\"");
        }

        position++;
        return arguments;
    }

    private List<string> LabelNames()
    {
        var names = new List<string>();
        Expect(TokenKind.LeftParen, "\"(\"");
        while (Current.Kind != TokenKind.RightParen)
        {
            if (!IsLabel(Current))
            {
                throw Unexpected("a label name");
            }

            names.Add(Take().Source);
            if (Current.Kind != TokenKind.RightParen)
            {
                Expect(TokenKind.Comma, "\",\" or \")\"");
            }
        }

        position++;
        return names;
    }

    private static bool IsLabel(in Token token) => token.Kind switch
    {
        TokenKind.Text => token.Source.Length > 0,
        TokenKind.Word => !token.Source.Contains(':', StringComparison.Ordinal),
        _ => false,
    };

    private SelectorExpr Selector()
    {
        int start = Current.Offset;
        var matchers = new List<LabelMatcher>();
        string? name = Current.Kind == TokenKind.Word ? Take().Source : null;
        if (name is null || Current.Kind == TokenKind.LeftBrace)
        {
            Expect(TokenKind.LeftBrace, "a selector");
            while (Current.Kind != TokenKind.RightBrace)
            {
                Matcher(matchers, ref name);
                if (Current.Kind != TokenKind.RightBrace)
                {
                    Expect(TokenKind.Comma, "\",\" or \"}\"");
                }
            }

            position++;
        }

        if (name is not null)
        {
            if (matchers.Find(m => m.Name == LabelSet.NameLabel) is { } second)
            {
                throw new PromQlParseException(start, $"two metric names: \"{name}\" and \"{second.Value}\"");
            }

            matchers.Insert(0, MatcherOf(start, LabelSet.NameLabel, MatchOperator.Equal, name));
        }

        return matchers.Exists(m => !m.MatchesEmpty) ? Built(new SelectorExpr(start, matchers))
            : throw new PromQlParseException(start, "the selector would match every series; give a matcher that excludes the empty value");
    }

    private void Matcher(List<LabelMatcher> matchers, ref string? name)
    {
        Token label = Current;
        if (!IsLabel(label))
        {
            throw Unexpected("a label name or \"}\"");
        }

        position++;
        if (label.Kind == TokenKind.Text && Current.Kind is TokenKind.Comma or TokenKind.RightBrace)
        {
            name = name is null ? label.Source
                : throw new PromQlParseException(label.Offset, $"two metric names: \"{name}\" and \"{label.Source}\"");
            return;
        }

        MatchOperator op = Current.Kind switch
        {
            TokenKind.Assign => MatchOperator.Equal,
            TokenKind.NotEqual => MatchOperator.NotEqual,
            TokenKind.MatchRegex => MatchOperator.Regex,
            TokenKind.NotMatchRegex => MatchOperator.NotRegex,
            _ => throw Unexpected("one of = != =~ !~"),
        };
        position++;
        Token value = Expect(TokenKind.Text, "a string");
        matchers.Add(MatcherOf(value.Offset, label.Source, op, value.Source));
        if (++nodeCount > NodesMax)
        {
            throw new PromQlParseException(label.Offset, $"query has over {NodesMax} parts");
        }
    }

    private static LabelMatcher MatcherOf(int offset, string name, MatchOperator op, string value) =>
        LabelMatcher.TryCreate(name, op, value, out LabelMatcher matcher, out string error) ? matcher : throw new PromQlParseException(offset, error);

    // What may follow a primary: [range] and offset, in this order, each once.
    private Expr Modified(Expr primary)
    {
        Expr expr = Current.Kind == TokenKind.LeftBracket ? Range(primary) : primary;
        if (Current.IsWord("offset"))
        {
            Offset(expr as SelectorExpr ?? (expr as RangeExpr)?.Selector);
        }

        return Current.Kind switch
        {
            TokenKind.At => throw Unsupported("modifier \"@\""),
            TokenKind.LeftBracket => throw new PromQlParseException(Current.Offset, "a range stands right behind the selector, before offset"),
            _ when Current.IsWord("offset") => throw new PromQlParseException(Current.Offset, "offset is given twice"),
            _ when Current.IsWord("anchored") || Current.IsWord("smoothed") => throw Unsupported($"modifier \"{Current.Source}\""),
            _ => expr,
        };
    }

    private RangeExpr Range(Expr primary)
    {
        Token bracket = Take();
        long rangeMs = DurationMs("a duration");
        if (Current.Kind == TokenKind.Colon)
        {
            throw Unsupported("subqueries");
        }

        Expect(TokenKind.RightBracket, "\"]\"");
        if (rangeMs <= 0)
        {
            throw new PromQlParseException(bracket.Offset, "a range must be longer than 0");
        }

        return primary is SelectorExpr selector ? Built(new RangeExpr(primary.Offset, selector, rangeMs))
            : throw new PromQlParseException(bracket.Offset, "only a selector can have a range");
    }

    private void Offset(SelectorExpr? selector)
    {
        Token word = Take();
        bool isNegative = Current.Kind == TokenKind.Minus;
        if (isNegative || Current.Kind == TokenKind.Plus)
        {
            position++;
        }

        long shiftMs = DurationMs("a duration");
        if (selector is null)
        {
            throw new PromQlParseException(word.Offset, "offset must follow a selector or its range");
        }

        selector.ShiftMs = isNegative ? -shiftMs : shiftMs;
    }

    // Numbers and durations are interchangeable: [300] is [5m].
    private long DurationMs(string expected)
    {
        if (Current.Kind is not (TokenKind.Number or TokenKind.Duration))
        {
            throw Unexpected(expected);
        }

        Token token = Take();
        double ms = Math.Round(token.Number * 1000);
        return ms <= PromQlDuration.MsMax ? (long)ms : throw new PromQlParseException(token.Offset, "the duration is too long");
    }
}
