namespace MonitorCluster.TimeSeries.PromQl;

/// <summary>Cuts a query into tokens. The number of tokens is bounded by the length of the text, which the caller bounds.</summary>
internal static class Lexer
{
    /// <summary>All tokens of the text, the last of kind <see cref="TokenKind.End"/>.</summary>
    /// <exception cref="PromQlParseException">A character, number, duration or string is malformed.</exception>
    public static List<Token> Tokenize(string text)
    {
        var tokens = new List<Token>();
        int offset = 0;
        bool inBrackets = false;
        while (SkipBlank(text, ref offset))
        {
            Token token = Next(text, ref offset, inBrackets);
            inBrackets = token.Kind == TokenKind.LeftBracket || (inBrackets && token.Kind != TokenKind.RightBracket);
            tokens.Add(token);
        }

        tokens.Add(new Token(TokenKind.End, text.Length, ""));
        return tokens;
    }

    private static bool SkipBlank(string text, ref int offset)
    {
        while (offset < text.Length)
        {
            if (text[offset] == '#')
            {
                int lineEnd = text.IndexOf('\n', offset);
                offset = lineEnd < 0 ? text.Length : lineEnd;
            }
            else if (text[offset] is ' ' or '\t' or '\n' or '\r')
            {
                offset++;
            }
            else
            {
                return true;
            }
        }

        return false;
    }

    private static Token Next(string text, ref int offset, bool inBrackets)
    {
        char c = text[offset];
        if (char.IsAsciiDigit(c) || (c == '.' && offset + 1 < text.Length && char.IsAsciiDigit(text[offset + 1])))
        {
            return NumberLexer.Read(text, ref offset);
        }

        if (char.IsAsciiLetter(c) || c == '_' || (c == ':' && !inBrackets))
        {
            int start = offset;
            while (offset < text.Length && (char.IsAsciiLetterOrDigit(text[offset]) || text[offset] is '_' or ':'))
            {
                offset++;
            }

            return new Token(TokenKind.Word, start, text[start..offset]);
        }

        return c is '"' or '\'' or '`' ? StringLexer.Read(text, ref offset) : Symbol(text, ref offset);
    }

    private static Token Symbol(string text, ref int offset)
    {
        char second = offset + 1 < text.Length ? text[offset + 1] : '\0';
        (TokenKind kind, int length) = (text[offset], second) switch
        {
            ('=', '=') => (TokenKind.Equal, 2),
            ('=', '~') => (TokenKind.MatchRegex, 2),
            ('=', _) => (TokenKind.Assign, 1),
            ('!', '=') => (TokenKind.NotEqual, 2),
            ('!', '~') => (TokenKind.NotMatchRegex, 2),
            ('<', '=') => (TokenKind.LessOrEqual, 2),
            ('<', _) => (TokenKind.Less, 1),
            ('>', '=') => (TokenKind.GreaterOrEqual, 2),
            ('>', _) => (TokenKind.Greater, 1),
            ('(', _) => (TokenKind.LeftParen, 1),
            (')', _) => (TokenKind.RightParen, 1),
            ('{', _) => (TokenKind.LeftBrace, 1),
            ('}', _) => (TokenKind.RightBrace, 1),
            ('[', _) => (TokenKind.LeftBracket, 1),
            (']', _) => (TokenKind.RightBracket, 1),
            (',', _) => (TokenKind.Comma, 1),
            (':', _) => (TokenKind.Colon, 1),
            ('@', _) => (TokenKind.At, 1),
            ('+', _) => (TokenKind.Plus, 1),
            ('-', _) => (TokenKind.Minus, 1),
            ('*', _) => (TokenKind.Multiply, 1),
            ('/', _) => (TokenKind.Divide, 1),
            ('%', _) => (TokenKind.Modulo, 1),
            ('^', _) => (TokenKind.Power, 1),
            _ => (TokenKind.End, 0),
        };
        if (length == 0)
        {
            throw new PromQlParseException(offset, $"{Quoted(text[offset])} cannot stand here");
        }

        offset += length;
        return new Token(kind, offset - length, text.Substring(offset - length, length));
    }

    private static string Quoted(char c) => char.IsControl(c) || char.IsSurrogate(c) ? $"U+{(int)c:X4}" : $"'{c}'";
}
