namespace MonitorCluster.TimeSeries.PromQl;

/// <summary>A parsed and type-checked query. Immutable, safe for any thread.</summary>
/// <remarks>
/// The way of a query: <see cref="TryParse"/>; <see cref="Selectors"/> says what to read; the caller reads it, from however many shards;
/// <see cref="Evaluate"/> computes the answer off every mailbox, without I/O and without a clock.
/// Semantics are those of Prometheus 3 (left-open windows). Two series that an operation leaves with equal labels are an error only when they
/// have values at the same instant; Prometheus is stricter for range functions.
/// </remarks>
public sealed class PromQlQuery
{
    private readonly Expr root;
    private readonly List<(SelectorExpr Selector, long? RangeMs)> selectors = [];

    private PromQlQuery(string text, Expr root)
    {
        Text = text;
        this.root = root;
        Collect(root, null);
    }

    /// <summary>As written.</summary>
    public string Text { get; }

    /// <summary>What it yields at one instant; a range query needs a scalar or a vector.</summary>
    public ExprType Type => root.Type;

    /// <summary>Parses a query. Never throws for bad text.</summary>
    /// <returns>False, with the error, when the text is malformed, over a limit, or uses what is not supported.</returns>
    public static bool TryParse(string text, out PromQlQuery query, out PromQlError error)
    {
        ArgumentNullException.ThrowIfNull(text);
        query = null!;
        error = null!;
        try
        {
            query = new PromQlQuery(text, Parser.Parse(text));
            return true;
        }
        catch (PromQlParseException e)
        {
            error = PromQlError.At(text, e.Offset, e.Message);
            return false;
        }
    }

    /// <summary>Parses a lone selector without range and offset, as <c>match[]</c> has it.</summary>
    /// <returns>False, with the error, when the text is anything else.</returns>
    public static bool TryParseSelector(string text, out IReadOnlyList<LabelMatcher> matchers, out PromQlError error)
    {
        ArgumentNullException.ThrowIfNull(text);
        matchers = [];
        error = null!;
        try
        {
            matchers = Parser.ParseSelector(text).Matchers;
            return true;
        }
        catch (PromQlParseException e)
        {
            error = PromQlError.At(text, e.Offset, e.Message);
            return false;
        }
    }

    /// <summary>What must be read to evaluate the query at these times; data is given in the same order.</summary>
    /// <exception cref="QueryException">Kind <see cref="QueryErrorKind.BadData"/>: the times are out of bounds.</exception>
    public IReadOnlyList<SelectorWindow> Selectors(QueryTimes times)
    {
        times.Validate();
        return selectors.ConvertAll(s => new SelectorWindow(
            s.Selector.Matchers, times.StartMs - s.Selector.ShiftMs - (s.RangeMs ?? times.LookbackMs), times.LastMs - s.Selector.ShiftMs));
    }

    /// <summary>Computes the answer.</summary>
    /// <param name="data">For each of <see cref="Selectors"/>, in order, every matching series with at least the samples of its window;
    /// no series twice.</param>
    /// <param name="times">The times given to <see cref="Selectors"/>.</param>
    /// <param name="limits">What it may use.</param>
    /// <param name="cancellationToken">Looked at every million samples or so.</param>
    /// <exception cref="QueryException">Kind execution: a limit is passed or the data forbids it (duplicates); bad_data: not for a range query.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public QueryResult Evaluate(
        IReadOnlyList<IReadOnlyList<SeriesData>> data, QueryTimes times, QueryLimits limits, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(limits);
        ArgumentOutOfRangeException.ThrowIfNotEqual(data.Count, selectors.Count);
        return ResultBuilder.Evaluate(new EvaluationContext(data, times, limits, cancellationToken), root);
    }

    /// <summary>The canonical text: parsed again it is the same query.</summary>
    public override string ToString() => QueryPrinter.Print(root);

    private void Collect(Expr expr, long? rangeMs)
    {
        switch (expr)
        {
            case SelectorExpr selector:
                selector.Index = selectors.Count;
                selectors.Add((selector, rangeMs));
                break;
            case RangeExpr range:
                Collect(range.Selector, range.RangeMs);
                break;
            case ParenExpr paren:
                Collect(paren.Inner, null);
                break;
            case NegateExpr negate:
                Collect(negate.Operand, null);
                break;
            case BinaryExpr binary:
                Collect(binary.Left, null);
                Collect(binary.Right, null);
                break;
            case AggregateExpr aggregate:
                if (aggregate.Parameter is not null)
                {
                    Collect(aggregate.Parameter, null);
                }

                Collect(aggregate.Operand, null);
                break;
            case CallExpr call:
                foreach (Expr argument in call.Arguments)
                {
                    Collect(argument, null);
                }

                break;
        }
    }
}
