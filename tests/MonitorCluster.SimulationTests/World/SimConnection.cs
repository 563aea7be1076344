using System.Data;
using System.Data.Common;
using System.Diagnostics.CodeAnalysis;

namespace MonitorCluster.SimulationTests.World;

/// <summary>A connection to <see cref="SimStore"/>. Closed within a transaction, it rolls back, as a lost connection does.</summary>
internal sealed class SimConnection(SimConnections connections) : DbConnection
{
    public bool IsInTransaction { get; set; }

    [AllowNull]
    public override string ConnectionString { get; set; } = string.Empty;

    public override string Database => connections.Description;

    public override string DataSource => connections.Description;

    public override string ServerVersion => string.Empty;

    public override ConnectionState State => ConnectionState.Open;

    public override void ChangeDatabase(string databaseName) => throw new NotSupportedException();

    public override void Open()
    {
    }

    public override void Close()
    {
        if (IsInTransaction)
        {
            IsInTransaction = false;
            connections.Store.Execute("ROLLBACK");
        }
    }

    protected override DbTransaction BeginDbTransaction(IsolationLevel isolationLevel) => throw new NotSupportedException("transactions are statements");

    protected override DbCommand CreateDbCommand() => new SimCommand(this, connections);

    protected override void Dispose(bool disposing)
    {
        Close();
        base.Dispose(disposing);
    }
}

/// <summary>A statement on its way from the program to the database.</summary>
internal sealed class SimCommand(SimConnection connection, SimConnections connections) : DbCommand
{
    private DbCommand inner = connections.Store.CreateCommand();
    private bool isPrepared;

    [AllowNull]
    public override string CommandText
    {
        get => inner.CommandText;
#pragma warning disable CA2100 // passes on what the program under test wrote
        set => inner.CommandText = connections.Rewrite(value!);
#pragma warning restore CA2100
    }

    public override int CommandTimeout { get; set; }

    public override CommandType CommandType { get; set; } = CommandType.Text;

    public override UpdateRowSource UpdatedRowSource { get; set; }

    public override bool DesignTimeVisible { get; set; }

    protected override DbConnection? DbConnection
    {
        get => connection;
        set => throw new NotSupportedException();
    }

    protected override DbParameterCollection DbParameterCollection => inner.Parameters;

    protected override DbTransaction? DbTransaction { get; set; }

    public override void Cancel()
    {
    }

    public override void Prepare()
    {
        if (connections.Store.Rent(inner.CommandText) is { } prepared)
        {
            foreach (DbParameter parameter in inner.Parameters)
            {
                prepared.Parameters[parameter.ParameterName].Value = parameter.Value;
            }

            inner.Dispose();
            inner = prepared;
        }
        else
        {
            inner.Prepare();
        }

        isPrepared = true;
    }

    public override int ExecuteNonQuery() => connections.Run(connection, inner, inner.ExecuteNonQuery);

    public override object? ExecuteScalar() => connections.Run(connection, inner, inner.ExecuteScalar);

    protected override DbParameter CreateDbParameter() => inner.CreateParameter();

    protected override DbDataReader ExecuteDbDataReader(CommandBehavior behavior) => connections.Run(connection, inner, () => inner.ExecuteReader(behavior));

    protected override void Dispose(bool disposing)
    {
        if (isPrepared)
        {
            connections.Store.Return(inner);
            isPrepared = false;
        }
        else
        {
            inner.Dispose();
        }

        base.Dispose(disposing);
    }
}
