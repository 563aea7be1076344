using System.Data;
using System.Data.Common;
using System.Diagnostics.CodeAnalysis;
using MonitorCluster.Cluster.Storage;

namespace MonitorCluster.Tests.Cluster.Storage;

/// <summary>Calls a hook before and after every statement, which may act on another connection or throw: a stage for races and lost replies.</summary>
internal sealed class HookedConnections(IStoreConnections inner) : IStoreConnections
{
    internal Action<string> Before { get; set; } = _ => { };

    internal Action<string> After { get; set; } = _ => { };

    internal int Opened { get; private set; }

    public StoreDialect Dialect { get; init; } = inner.Dialect;

    public string Description => inner.Description;

    public long WriteAheadLogBytes => inner.WriteAheadLogBytes;

    public DbConnection Open()
    {
        Opened++;
        return new HookedConnection(this, inner.Open());
    }

    private sealed class HookedConnection(HookedConnections hooks, DbConnection inner) : DbConnection
    {
        [AllowNull]
        public override string ConnectionString
        {
            get => inner.ConnectionString;
            set => inner.ConnectionString = value;
        }

        public override string Database => inner.Database;

        public override string DataSource => inner.DataSource;

        public override string ServerVersion => inner.ServerVersion;

        public override ConnectionState State => inner.State;

        public override void ChangeDatabase(string databaseName) => inner.ChangeDatabase(databaseName);

        public override void Open() => inner.Open();

        public override void Close() => inner.Close();

        protected override DbTransaction BeginDbTransaction(IsolationLevel isolationLevel) => inner.BeginTransaction(isolationLevel);

        protected override DbCommand CreateDbCommand() => new HookedCommand(hooks, inner.CreateCommand());

        protected override void Dispose(bool disposing)
        {
            inner.Dispose();
            base.Dispose(disposing);
        }
    }

    private sealed class HookedCommand(HookedConnections hooks, DbCommand inner) : DbCommand
    {
        [AllowNull]
        public override string CommandText
        {
            get => inner.CommandText;
#pragma warning disable CA2100 // passes on what the program under test wrote
            set => inner.CommandText = value;
#pragma warning restore CA2100
        }

        public override int CommandTimeout
        {
            get => inner.CommandTimeout;
            set => inner.CommandTimeout = value;
        }

        public override CommandType CommandType
        {
            get => inner.CommandType;
            set => inner.CommandType = value;
        }

        public override UpdateRowSource UpdatedRowSource
        {
            get => inner.UpdatedRowSource;
            set => inner.UpdatedRowSource = value;
        }

        public override bool DesignTimeVisible { get; set; }

        protected override DbConnection? DbConnection
        {
            get => inner.Connection;
            set => inner.Connection = value;
        }

        protected override DbParameterCollection DbParameterCollection => inner.Parameters;

        protected override DbTransaction? DbTransaction
        {
            get => inner.Transaction;
            set => inner.Transaction = value;
        }

        public override void Cancel() => inner.Cancel();

        public override void Prepare() => inner.Prepare();

        public override int ExecuteNonQuery() => Run(inner.ExecuteNonQuery);

        public override object? ExecuteScalar() => Run(inner.ExecuteScalar);

        protected override DbParameter CreateDbParameter() => inner.CreateParameter();

        protected override DbDataReader ExecuteDbDataReader(CommandBehavior behavior) => Run(() => inner.ExecuteReader(behavior));

        protected override void Dispose(bool disposing)
        {
            inner.Dispose();
            base.Dispose(disposing);
        }

        private T Run<T>(Func<T> execute)
        {
            hooks.Before(inner.CommandText);
            T result = execute();
            hooks.After(inner.CommandText);
            return result;
        }
    }
}
