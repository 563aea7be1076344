namespace MonitorCluster.TimeSeries.PromQl;

/// <summary>The kinds of token. Words are one kind: whether <c>sum</c> is an operation or a metric only the parser can tell.</summary>
internal enum TokenKind
{
    End,
    Word,
    Number,
    Duration,
    Text,
    LeftParen,
    RightParen,
    LeftBrace,
    RightBrace,
    LeftBracket,
    RightBracket,
    Comma,
    Colon,
    At,
    Assign,
    MatchRegex,
    NotMatchRegex,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Plus,
    Minus,
    Multiply,
    Divide,
    Modulo,
    Power,
}

/// <summary>One token.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Offset">Where it starts in the query, from 0.</param>
/// <param name="Source">Its characters as written; for a text, the text it stands for.</param>
/// <param name="Number">The value of a number; of a duration, in seconds.</param>
internal readonly record struct Token(TokenKind Kind, int Offset, string Source, double Number = 0)
{
    /// <summary>How an error message names it.</summary>
    public string Described => Kind switch
    {
        TokenKind.End => "end of input",
        TokenKind.Text => "string",
        _ => $"\"{(Source.Length > 40 ? Source[..40] + "..." : Source)}\"",
    };

    /// <summary>Whether it is this word in any case, as keywords are.</summary>
    public bool IsWord(string word) => Kind == TokenKind.Word && string.Equals(Source, word, StringComparison.OrdinalIgnoreCase);
}
